import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { nodeAdapter } from '../../src/adapters/node'

/** A port that was free a moment ago. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a server that refuses the connection closes the socket and does not end the process', async () => {
  const url = `ws://127.0.0.1:${await deadPort()}/`
  const { socket } = nodeAdapter({ WebSocket })
  const code = await new Promise<number>((close) => {
    socket?.(url, { open: () => undefined, message: () => undefined, close })
  })
  expect(code).toBe(1006)
})
