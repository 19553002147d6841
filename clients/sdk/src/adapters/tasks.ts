// For hosts whose tasks don't do all that WeChat's do.
import type { HttpResponse, Task } from '../core/adapter'
import type { SocketTask } from './mini-program'

/**
 * Ends a request in time and, when it is stopped, at once: Douyin's calls have no `timeout`, and in old base libraries
 * of Alipay and Douyin there is nothing to stop a request with.
 */
export function inTime({ done, abort }: Task<HttpResponse>, timeout_ms: number): Task<HttpResponse> {
  let stop: (why: string) => void = () => undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = (why) => {
      reject(new Error(why))
      abort()
    }
  })
  const timer = setTimeout(() => stop('timeout'), timeout_ms)
  const ended = () => clearTimeout(timer)
  done.then(ended, ended)
  return {
    done: Promise.race([done, stopped]),
    abort: () => {
      ended()
      stop('stopped')
    },
  }
}

/**
 * A task that is left alone until the host has said `success`. Douyin, on `tt.connectSocket`: call the methods of the
 * instance only after the call has succeeded, or they may fail
 * (developer.open-douyin.com, mini-app/develop/api/network/web-socket/tt-connect-socket, 注意事项).
 */
export function lateTask(connect: (success: () => void) => SocketTask | undefined): SocketTask | undefined {
  let waiting: ((task: SocketTask) => void)[] | null = []
  const succeeded = () => {
    const acts = waiting ?? []
    waiting = null
    if (task) for (const act of acts) act(task)
  }
  // `success` may come before connectSocket has returned the task.
  const task = connect(() => void Promise.resolve().then(succeeded))
  const later = (act: (task: SocketTask) => void) => {
    if (waiting) waiting.push(act)
    else if (task) act(task)
  }
  return (
    task && {
      onOpen: (fn) => later((task) => task.onOpen(fn)),
      onMessage: (fn) => later((task) => task.onMessage(fn)),
      onClose: (fn) => later((task) => task.onClose(fn)),
      onError: (fn) => later((task) => task.onError(fn)),
      send: (call) => later((task) => task.send(call)),
      close: (call) => later((task) => task.close(call)),
    }
  )
}
