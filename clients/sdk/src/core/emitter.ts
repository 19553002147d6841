export interface Emitter<Events> {
  on<Name extends keyof Events>(name: Name, fn: (payload: Events[Name]) => void): () => void
  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void
}

/** Typed events. A listener that throws is reported and does not keep the others from hearing. */
export function createEmitter<Events>(report: (error: unknown) => void): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<(payload: never) => void>>()

  const on = <Name extends keyof Events>(name: Name, fn: (payload: Events[Name]) => void): (() => void) => {
    const set = listeners.get(name) ?? new Set()
    listeners.set(name, set)
    set.add(fn)
    return () => {
      set.delete(fn)
    }
  }

  const emit = <Name extends keyof Events>(name: Name, payload: Events[Name]): void => {
    for (const fn of Array.from(listeners.get(name) || [])) {
      try {
        ;(fn as (payload: Events[Name]) => void)(payload)
      } catch (error) {
        report(error)
      }
    }
  }

  return { on, emit }
}
