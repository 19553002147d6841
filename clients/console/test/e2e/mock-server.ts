/**
 * A deployment for the console's own tests: the wire by the SDK's model server, the HTTP endpoints by a few maps,
 * the built console as files. It listens on the loopback, on any free port.
 */
import type { Command } from '@chaguan/protocol'
import type { Session } from '@chaguan/sdk/testing'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type WebSocket, WebSocketServer } from 'ws'
import { Admin } from './admin.ts'
import { picture } from './pictures.ts'
import { BUSINESS, ME, Town } from './town.ts'

const CONSOLE = fileURLToPath(new URL('../../../../src/chaguan/web/console/', import.meta.url))
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
/** The strictest policy the console promises to work under. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data: https:; media-src 'self' blob:; connect-src 'self'; frame-ancestors 'self'"

export class MockServer {
  readonly town = new Town()
  readonly admin = new Admin(this.town)
  /** Set to make the context URL fail, or answer nothing. */
  context: 'answers' | 'fails' | 'none' = 'answers'
  private readonly http = createServer((request, response) => void this.answer(request, response))
  private readonly sockets = new WebSocketServer({ server: this.http, path: '/v1/ws' })

  async listen(port = 0): Promise<string> {
    this.sockets.on('connection', (socket) => this.connected(socket))
    await new Promise<void>((resolve) => this.http.listen(port, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.cut()
    this.sockets.close()
    this.http.closeAllConnections()
    await new Promise<void>((resolve) => this.http.close(() => resolve()))
  }

  /** Every connection breaks, as when the network goes. */
  cut(): void {
    this.sockets.clients.forEach((socket) => socket.terminate())
  }

  private connected(socket: WebSocket): void {
    const { server } = this.town
    const session: Session = {
      userId: '',
      send: (frame) => socket.send(JSON.stringify(frame)),
      close: (code, reason) => socket.close(code, reason),
    }
    socket.on('message', (data) => {
      const command = JSON.parse(String(data)) as Command
      // The model takes the user's id for a token.
      if (command.type === 'hello') command.token = this.admin.userOf(command.token) ?? 'nobody'
      const special = this.special(session, command)
      if (special !== undefined) session.send({ type: 'reply', id: command.id, ...special })
      else server.receive(session, command)
    })
    socket.on('close', () => server.drop(session))
  }

  /** What the model does not know: contexts, and the conversations beside the cases. */
  private special(
    session: Session,
    command: Command,
  ): { ok: unknown } | { error: { code: 'unavailable' } } | undefined {
    const { model } = this.town
    if (command.type === 'watch_desk') {
      const desk = model.desk()
      return { ok: { ...desk, views: desk.cases.map((one) => model.view(session.userId, one.conversation_id)) } }
    }
    if (command.type !== 'get_customer_context') return undefined
    if (this.context === 'fails') return { error: { code: 'unavailable' } }
    const { conversation } = model.view(session.userId, command.conversation_id)
    const customer = model.users.get(conversation.customer_id ?? '')
    const known = {
      customer,
      external_id: `mall-${conversation.customer_id}`,
      app_name: '茶馆小程序',
      case_context: {},
    }
    return { ok: this.context === 'none' ? known : { ...known, business: BUSINESS } }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock')
    if (url.pathname.startsWith('/console')) return file(url.pathname, response)
    if (request.method === 'GET' && url.pathname.startsWith('/v1/media/')) return media(url.pathname, response)
    const body = await readBody(request)
    if (request.method === 'POST' && url.pathname === '/v1/media') return json(response, 200, uploaded(body))
    const { status, answer } = this.admin.handle(request, url, body)
    json(response, status, answer)
  }
}

function file(path: string, response: ServerResponse): void {
  const name = normalize(path.replace(/^\/console\/?/, '')).replace(/^(\.\.[/\\])+/, '')
  const wanted = name === '.' || name === '' ? 'index.html' : name
  try {
    const content = readFileSync(join(CONSOLE, wanted))
    response.writeHead(200, {
      'Content-Type': TYPES[extname(wanted)] ?? 'application/octet-stream',
      'Content-Security-Policy': POLICY,
    })
    response.end(content)
  } catch {
    response.writeHead(404).end()
  }
}

function media(path: string, response: ServerResponse): void {
  const { type, content } = picture(path.split('/').pop() ?? '')
  response.writeHead(200, { 'Content-Type': type })
  response.end(content)
}

function uploaded(body: Buffer): unknown {
  const kind = /name="kind"\r\n\r\n(\w+)/.exec(body.toString('latin1'))?.[1] ?? 'file'
  const measures =
    kind === 'image'
      ? { width: 640, height: 480 }
      : kind === 'voice'
        ? { duration_ms: 2_000, waveform: [20, 60, 40] }
        : {}
  return {
    media_id: kind === 'image' ? 'leaf' : 'note',
    mime: 'application/octet-stream',
    size: body.length,
    ...measures,
    url: '',
    thumb_url: '',
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(status === 204 ? undefined : JSON.stringify(body))
}

export { ME }
