import type { Command, Hello, Push, Reply, Welcome } from '@chaguan/protocol'
import type { Adapter, HttpResponse, Task } from './adapter'
import type { Asked } from './connection'
import type { ChaguanError } from './errors'

export type Frame = Reply | Push

/** `closed` may come at any time, once. After `close()` nothing comes any more. */
export interface TransportEvents {
  opened(): void
  frame(frame: Frame): void
  /** A long poll brought this: an answer to hello that was not asked for anew. */
  polled(welcome: Welcome, asked: Asked): void
  closed(code: number, reason: string): void
}

export interface Transport {
  send(command: Command): void
  close(): void
}

export const ABNORMAL = 1006

export function openSocket(adapter: Adapter, url: string, events: TransportEvents): Transport {
  let live = true
  const end = (code: number, reason: string) => {
    if (!live) return
    live = false
    events.closed(code, reason)
  }
  const socket = adapter.socket?.(url, {
    open: () => live && events.opened(),
    message: (data) => live && readFrames(data).forEach((frame) => live && events.frame(frame)),
    close: end,
  })
  return {
    send: (command) => socket?.send(JSON.stringify(command)),
    close: () => {
      live = false
      socket?.close(1000, '')
    },
  }
}

function readFrames(data: string): Frame[] {
  try {
    const value: unknown = JSON.parse(data)
    // A frame that is not ours is as good as none: unknown types are ignored further on.
    const list = Array.isArray(value) ? value : [value]
    return list.filter((item) => typeof item === 'object' && item !== null) as Frame[]
  } catch {
    return []
  }
}

const POLL_WAIT_S = 25

export interface PollEnvironment {
  adapter: Adapter
  /** `https://host/v1`. */
  base: string
  headers(): Record<string, string>
  /** What the next poll says. */
  hello(): Hello & Asked
}

/** The same conversation with the server over HTTP, where sockets fail. Pushes come as what a poll brings. */
export function openPoll(env: PollEnvironment, events: TransportEvents): Transport {
  let live = true
  const running = new Set<Task<HttpResponse>>()

  const post = (path: string, body: unknown, wait_s: number) => {
    const headers = { ...env.headers(), 'Content-Type': 'application/json' }
    const url = env.base + path
    const task = env.adapter.request({
      method: 'POST',
      url,
      headers,
      body: JSON.stringify(body),
      timeout_ms: (wait_s + 15) * 1000,
    })
    running.add(task)
    const forget = () => running.delete(task)
    task.done.then(forget, forget)
    return task.done
  }
  const fail = () => {
    if (!live) return
    close()
    events.closed(ABNORMAL, 'poll')
  }
  const close = () => {
    live = false
    running.forEach((task) => task.abort())
  }
  const poll = (hello: Hello, wait_s: number, take: (reply: Reply) => void): void => {
    post('/poll', { ...hello, type: 'poll', wait_s }, wait_s).then(
      (response) => live && take(replyOf(response, hello.id)),
      fail,
    )
  }
  const wait = (): void => {
    if (!live) return
    const hello = env.hello()
    poll(hello, POLL_WAIT_S, (reply) => {
      // The hello of the next link finds out what is wrong.
      if (reply.error) return fail()
      events.polled(reply.ok as Welcome, hello)
      wait()
    })
  }
  const send = (command: Command): void => {
    if (command.type === 'hello') {
      return poll(command, 0, (reply) => {
        events.frame(reply)
        if (!reply.error) wait()
      })
    }
    // Catching up is what a poll does.
    if (command.type === 'resume') return poll({ ...env.hello(), ...command, type: 'hello' }, 0, events.frame)
    if (command.type === 'heartbeat') return events.frame({ type: 'reply', id: command.id })
    post('/commands', command, 0).then((response) => live && events.frame(replyOf(response, command.id)), fail)
  }

  env.adapter.timer(() => live && events.opened(), 0)
  return { send, close }
}

/** A reply from an HTTP answer: a whole reply, the bare `ok`, or `{error}`. */
function replyOf(response: HttpResponse, id: number): Reply {
  try {
    const body = JSON.parse(response.body) as Reply
    if (body.error) return { type: 'reply', id, error: body.error }
    if (response.status < 400) return body.type === 'reply' ? { ...body, id } : { type: 'reply', id, ok: body }
  } catch {
    // A page of some machine in between; the status below says what matters.
  }
  return { type: 'reply', id, error: httpError(response) }
}

export function httpError(response: HttpResponse): {
  code: ChaguanError['code']
  detail: string
  data?: Record<string, unknown>
} {
  try {
    const body = JSON.parse(response.body) as Reply
    if (body.error) return { detail: '', ...body.error }
  } catch {
    // Same as above.
  }
  const codes: Record<number, ChaguanError['code']> = {
    400: 'bad_request',
    401: 'unauthenticated',
    403: 'forbidden',
    404: 'not_found',
    409: 'conflict',
    413: 'too_large',
    429: 'rate_limited',
    504: 'timeout',
    500: 'internal',
  }
  return { code: codes[response.status] ?? 'unavailable', detail: `HTTP ${response.status}` }
}
