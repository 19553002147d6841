// wx.connectSocket and SocketTask: at most five, closed by suspension and by a lost network.
import { lifeState, suspended } from '../runtime/app'
import { Emitter } from '../runtime/emitter'
import { config } from '../runtime/settings'
import { deliver } from '../runtime/timers'
import { errorOf, Refusal, settle, type Callbacks } from './api'
import { networkChanged, requireNetwork } from './network'

const MAX_SOCKETS = 5
const ABNORMAL = 1006

interface ConnectOptions extends Callbacks {
  url: string
  protocols?: string[]
  header?: Record<string, string>
  timeout?: number
}

interface CloseResult {
  code: number
  reason: string
}

const open = new Set<SocketTask>()

export class SocketTask {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  private socket: WebSocket | undefined
  private readonly opened = new Emitter<{ header: Record<string, string>; profile: Record<string, unknown> }>()
  private readonly messages = new Emitter<{ data: string | ArrayBuffer }>()
  private readonly closed = new Emitter<CloseResult>()
  private readonly errors = new Emitter<{ errMsg: string }>()
  private over = false

  connect({ url, protocols, timeout = 60_000 }: ConnectOptions): void {
    requireNetwork()
    if (!/^wss?:\/\//.test(url)) throw new Refusal(`invalid url "${url}"`)
    if (open.size >= MAX_SOCKETS) throw new Refusal(`exceed max task count ${MAX_SOCKETS}`)
    const socket = new WebSocket(url, protocols ?? [])
    this.socket = socket
    open.add(this)
    socket.binaryType = 'arraybuffer'
    const late = setTimeout(() => this.lose(ABNORMAL, 'connect timeout'), timeout)
    socket.onopen = () => {
      clearTimeout(late)
      deliver(() => this.opened.emit({ header: {}, profile: {} }))
    }
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) =>
      deliver(() => this.messages.emit({ data: event.data }))
    socket.onerror = () => deliver(() => this.errors.emit({ errMsg: 'connectSocket:fail' }))
    socket.onclose = ({ code, reason }) => {
      clearTimeout(late)
      this.finish({ code, reason })
    }
  }

  get readyState(): number {
    return this.over ? SocketTask.CLOSED : (this.socket?.readyState ?? SocketTask.CLOSED)
  }

  /** A task's methods answer to callbacks only; a Promise that nobody holds would be an unhandled rejection. */
  private settled(name: string, options: Callbacks, work: () => void): void {
    settle(name, options, work)?.catch(() => undefined)
  }

  /** Fails when the socket is not open, as on a phone; nothing is queued. */
  send(options: Callbacks & { data: string | ArrayBuffer }): void {
    this.settled('sendSocketMessage', options, () => {
      if (lifeState() === 'suspended') throw new Refusal('interrupted')
      if (this.readyState !== SocketTask.OPEN) throw new Refusal('SocketTask.readyState is not OPEN')
      if (typeof options.data !== 'string' && !(options.data instanceof ArrayBuffer))
        throw new Refusal('data must be a string or an ArrayBuffer')
      this.socket?.send(options.data)
    })
  }

  close(options: Callbacks & { code?: number; reason?: string } = {}): void {
    this.settled('closeSocket', options, () => {
      if (this.readyState === SocketTask.CLOSED) throw new Refusal('socket task is not found')
      this.socket?.close(options.code ?? 1000, options.reason)
    })
  }

  onOpen = (listener: Parameters<typeof this.opened.on>[0]) => this.opened.on(listener)
  offOpen = (listener?: Parameters<typeof this.opened.on>[0]) => this.opened.off(listener)
  onMessage = (listener: Parameters<typeof this.messages.on>[0]) => this.messages.on(listener)
  offMessage = (listener?: Parameters<typeof this.messages.on>[0]) => this.messages.off(listener)
  onClose = (listener: (result: CloseResult) => void) => this.closed.on(listener)
  offClose = (listener?: (result: CloseResult) => void) => this.closed.off(listener)
  onError = (listener: (error: { errMsg: string }) => void) => this.errors.on(listener)
  offError = (listener?: (error: { errMsg: string }) => void) => this.errors.off(listener)

  /** The connection is cut from outside; `silent` as on devices that never report it. */
  lose(code: number, reason: string, silent = false): void {
    const socket = this.socket
    if (this.over || !socket) return
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    socket.close()
    this.finish({ code, reason }, silent)
  }

  failToConnect(error: unknown): void {
    this.over = true
    const { errMsg } = errorOf('connectSocket', error)
    deliver(() => this.errors.emit({ errMsg }))
  }

  private finish(result: CloseResult, silent = false): void {
    if (this.over) return
    this.over = true
    open.delete(this)
    if (!silent) deliver(() => this.closed.emit(result))
  }
}

suspended.on(() => {
  for (const task of [...open]) task.lose(ABNORMAL, 'interrupted', config.socketCloseSilent)
})
networkChanged.on(({ isConnected }) => {
  if (!isConnected) for (const task of [...open]) task.lose(ABNORMAL, 'network is down')
})

function connectSocket(options: ConnectOptions): SocketTask {
  const task = new SocketTask()
  void settle('connectSocket', options, () => {
    try {
      task.connect(options)
    } catch (error) {
      task.failToConnect(error)
      throw error
    }
  })?.catch(() => undefined)
  return task
}

export const socket = { connectSocket }
