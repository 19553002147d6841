// What the server of the conformance suite does, by path. The server in memory behind the fakes and the real one behind
// browser and Node do the same.

export interface Peer {
  say(data: string | Uint8Array): void
  close(code: number, reason: string): void
}

export interface Listener {
  hear(text: string): void
  gone(): void
}

export interface FarRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}

export interface FarUpload {
  path: string
  headers: Record<string, string>
  fields: Record<string, string>
  /** Name of the form's field with the file. */
  field: string
  content: string
}

export interface FarAnswer {
  status: number
  body: string
}

/** What the server has seen. */
export class Seen {
  /** Sockets open now. */
  sockets = 0
  /** Codes with which clients closed. */
  closes: number[] = []
}

/** Whether a socket opens: `never` means that nothing at all is heard of it. */
export function acceptance(path: string): 'yes' | 'no' | 'never' {
  if (path === '/refuse') return 'no'
  return path === '/silent' ? 'never' : 'yes'
}

/** An echo, but for two words: `bye` ends it, `binary` answers in bytes and then in text. */
export function hear(text: string, peer: Peer): void {
  if (text === 'bye') return peer.close(4001, 'silence')
  if (text === 'binary') peer.say(new Uint8Array([1, 2, 255]))
  peer.say(text)
}

/** Who parses this and writes it again writes something else. */
export const PROBLEM =
  '{"error": {"code": "not_found", "detail": "没有 such thing", "data": {"id": 12345678901234567890}}}'

export const PAGE = '<html>某个 machine in between</html>'

/** The answer to a request; null: none ever comes. */
export function respond({ method, path, headers, body }: FarRequest): FarAnswer | null {
  const status = Number(/^\/status\/(\d+)$/.exec(path)?.[1])
  if (status) return { status, body: PROBLEM }
  if (path === '/never') return null
  if (path === '/gateway') return { status: 502, body: PAGE }
  if (path === '/portal') return { status: 200, body: PAGE }
  const { authorization, 'content-type': type } = headers
  return { status: 200, body: JSON.stringify({ method, authorization, type: type?.split(';')[0], body }) }
}

export function receive({ path, headers, fields, field, content }: FarUpload): FarAnswer | null {
  if (path === '/never') return null
  if (path === '/status/413') return { status: 413, body: PROBLEM }
  return { status: 200, body: JSON.stringify({ authorization: headers['authorization'], fields, field, content }) }
}

export function lowered(headers: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]))
}
