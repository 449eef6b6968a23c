type Listener<Values extends readonly unknown[]> = (...values: Values) => void

/** Lists of listeners by event name. `Events` maps each name to the tuple of values its listeners get. */
export class Listeners<Events extends { [Name in keyof Events]: readonly unknown[] }> {
  private readonly byName: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}

  /** Returns a function that takes the listener off again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.byName[name] ?? new Set<Listener<Events[Name]>>()
    this.byName[name] = listeners
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  /** Calls the listeners in the order they came. What one throws is a bug of its own and surfaces as uncaught. */
  emit<Name extends keyof Events>(name: Name, ...values: Events[Name]): void {
    for (const listener of this.byName[name] ?? []) {
      try {
        listener(...values)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
