/**
 * A worker that keeps time for `browserAdapter({ ticker })`: browsers let the timers of a hidden page fire once a
 * minute, which is too seldom for heartbeats; those of a worker go on. It is a file of its own, since a strict
 * Content-Security-Policy refuses workers made from text.
 */
const scope = self as unknown as {
  onmessage: (event: { data: [id: number, delay_ms: number] }) => void
  postMessage(id: number): void
}
const running = new Map<number, ReturnType<typeof setTimeout>>()

scope.onmessage = ({ data: [id, delay_ms] }) => {
  clearTimeout(running.get(id))
  running.delete(id)
  // A negative delay cancels.
  if (delay_ms < 0) return
  const ring = () => {
    running.delete(id)
    scope.postMessage(id)
  }
  running.set(id, setTimeout(ring, delay_ms))
}

export {}
