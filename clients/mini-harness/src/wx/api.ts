// The calling convention of wx: success/fail/complete callbacks, or a Promise when none is given.
import { deliver } from '../runtime/timers'

export interface Callbacks<R = Record<string, unknown>> {
  success?: (result: R & { errMsg: string }) => void
  fail?: (error: WxError) => void
  complete?: (result: unknown) => void
}

export interface WxError {
  errMsg: string
  errno?: number
  [detail: string]: unknown
}

/** Thrown by an implementation to answer `fail`; the reason becomes "<api>:fail <reason>". */
export class Refusal extends Error {
  constructor(
    readonly reason: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(reason)
  }
}

export function errorOf(name: string, thrown: unknown): WxError {
  if (thrown instanceof Refusal) return { errMsg: `${name}:fail ${thrown.reason}`, ...thrown.detail }
  return { errMsg: `${name}:fail ${thrown instanceof Error ? thrown.message : String(thrown)}` }
}

/** Runs `work` and reports as wx does: to the callbacks if there are any, else through the returned Promise. */
export function settle<R extends object>(
  name: string,
  options: Callbacks<R>,
  work: () => R | void | Promise<R | void>,
): Promise<R> | undefined {
  const hasCallbacks = Boolean(options.success ?? options.fail ?? options.complete)
  const outcome = new Promise<R>((resolve, reject) => {
    // A throw inside `work` must become a fail, also when it is not async.
    Promise.resolve()
      .then(work)
      .then(
        (value) => deliver(() => succeed(name, options, value, resolve)),
        (thrown: unknown) => deliver(() => fail(errorOf(name, thrown), options, reject)),
      )
  })
  if (!hasCallbacks) return outcome
  outcome.catch(() => undefined)
  return undefined
}

function succeed<R extends object>(
  name: string,
  options: Callbacks<R>,
  value: R | void,
  resolve: (result: R) => void,
): void {
  const result = { ...value, errMsg: `${name}:ok` } as unknown as R & { errMsg: string }
  resolve(result)
  options.success?.(result)
  options.complete?.(result)
}

function fail(error: WxError, options: Callbacks<never>, reject: (error: WxError) => void): void {
  reject(error)
  options.fail?.(error)
  options.complete?.(error)
}

type Implementation<O, R> = (options: O) => R | void | Promise<R | void>

/** An asynchronous API of wx from its plain implementation. */
export function api<O extends object, R extends object>(name: string, work: Implementation<O, R>) {
  return (options: O & Callbacks<R> = {} as O & Callbacks<R>): Promise<R> | undefined =>
    settle(name, options, () => work(options))
}
