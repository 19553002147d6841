/** Typed events. A listener that throws is reported and does not keep the others from hearing. */
export class Emitter<Events> {
  private readonly listeners = new Map<keyof Events, Set<(payload: never) => void>>()

  constructor(private readonly report: (error: unknown) => void) {}

  on<Name extends keyof Events>(name: Name, fn: (payload: Events[Name]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, set)
    set.add(fn)
    return () => {
      set.delete(fn)
    }
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const fn of Array.from(this.listeners.get(name) || [])) {
      try {
        ;(fn as (payload: Events[Name]) => void)(payload)
      } catch (error) {
        this.report(error)
      }
    }
  }
}
