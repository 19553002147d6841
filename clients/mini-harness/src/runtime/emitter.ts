// A list of listeners, as every wx.onX / wx.offX pair needs.
export class Emitter<T = void> {
  private readonly listeners = new Set<(value: T) => void>()

  on(listener: (value: T) => void): void {
    this.listeners.add(listener)
  }

  /** Without an argument removes all, as wx.offX() does. */
  off(listener?: (value: T) => void): void {
    if (listener) this.listeners.delete(listener)
    else this.listeners.clear()
  }

  emit(value: T): void {
    for (const listener of [...this.listeners]) listener(value)
  }
}
