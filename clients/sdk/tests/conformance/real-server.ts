import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { Seen, acceptance, hear, lowered, receive, respond } from './far-side'
import type { FarAnswer } from './far-side'

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

async function answerTo(request: IncomingMessage): Promise<FarAnswer | null> {
  const path = request.url ?? ''
  const headers = lowered(request.headers)
  const body = await read(request)
  const type = headers['content-type'] ?? ''
  if (type.indexOf('multipart/form-data') < 0)
    return respond({ method: request.method ?? '', path, headers, body: body.toString() })
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  const fields: Record<string, string> = {}
  let field = ''
  let content = ''
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') fields[name] = value
    else [field, content] = [name, await value.text()]
  }
  return receive({ path, headers, fields, field, content })
}

/** The far side on a port of this machine. */
export async function startServer() {
  const seen = new Seen()
  const http = createServer((request, response) => {
    answerTo(request).then(
      (answer) => answer && response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body),
      () => response.destroy(),
    )
  })
  const sockets = new WebSocketServer({ noServer: true })
  const unanswered = new Set<Duplex>()
  http.on('upgrade', (request, stream, head) => {
    const accepted = acceptance(request.url ?? '')
    if (accepted === 'never') return void unanswered.add(stream)
    if (accepted === 'no') return stream.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
    sockets.handleUpgrade(request, stream, head, (socket) => {
      seen.sockets++
      socket.on('message', (data) =>
        hear(String(data), { say: (data) => socket.send(data), close: (code, reason) => socket.close(code, reason) }),
      )
      socket.on('close', (code) => {
        seen.sockets--
        seen.closes.push(code)
      })
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(http.address() as AddressInfo).port}`
  const stop = async () => {
    sockets.clients.forEach((socket) => socket.terminate())
    unanswered.forEach((stream) => stream.destroy())
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
  return { seen, http: `http://${address}`, ws: `ws://${address}`, stop }
}
