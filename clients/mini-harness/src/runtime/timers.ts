// The mini program's timers, which stand still while it is suspended. Its code is compiled to use these.

interface Timer {
  run: () => void
  delay: number
  repeat: boolean
  handle: number
  due: number
}

const timers = new Map<number, Timer>()
const held: (() => void)[] = []
let next = 1
let frozen = false

function arm(id: number, timer: Timer): void {
  timer.due = performance.now() + timer.delay
  timer.handle = window.setTimeout(() => fire(id, timer), timer.delay)
}

function fire(id: number, timer: Timer): void {
  if (timer.repeat) arm(id, timer)
  else timers.delete(id)
  timer.run()
}

function add(
  callback: (...args: unknown[]) => void,
  delay: number | undefined,
  repeat: boolean,
  args: unknown[],
): number {
  const id = next
  next += 1
  const timer: Timer = {
    run: () => callback(...args),
    delay: Math.max(delay ?? 0, repeat ? 4 : 0),
    repeat,
    handle: 0,
    due: 0,
  }
  timers.set(id, timer)
  if (!frozen) arm(id, timer)
  return id
}

function remove(id: number): void {
  clearTimeout(timers.get(id)?.handle)
  timers.delete(id)
}

export const programTimers = {
  setTimeout: (callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) =>
    add(callback, delay, false, args),
  setInterval: (callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) =>
    add(callback, delay, true, args),
  clearTimeout: remove,
  clearInterval: remove,
}

export function suspendTimers(): void {
  frozen = true
  for (const timer of timers.values()) clearTimeout(timer.handle)
}

/** Overdue timers fire at once, late, as on a phone; then what was held back. */
export function resumeTimers(): void {
  frozen = false
  for (const [id, timer] of timers)
    timer.handle = window.setTimeout(() => fire(id, timer), Math.max(0, timer.due - performance.now()))
  for (const deliver of held.splice(0)) deliver()
}

/** A callback of the platform: runs now, or on return when the program is suspended. */
export function deliver(callback: () => void): void {
  if (frozen) held.push(callback)
  else callback()
}
