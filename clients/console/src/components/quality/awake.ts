/** Keeps the screen from going dark while it is looked at, where the browser can. Answers with how to stop. */
export function stayAwake(): () => void {
  let lock: WakeLockSentinel | undefined
  let isOver = false
  // A hidden page loses its lock, so it is asked for each time the page is seen again.
  const ask = async () => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
    try {
      lock = await navigator.wakeLock.request('screen')
      if (isOver) await lock.release()
    } catch (error) {
      // Refused on low battery or by policy: the wall works without it.
      if (!(error instanceof DOMException)) throw error
    }
  }
  const look = () => void ask()
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    isOver = true
    document.removeEventListener('visibilitychange', look)
    void lock?.release()
  }
}
