/** Listeners of named events. */
export class Listeners<Events> {
  private readonly byEvent = new Map<keyof Events, Set<(value: never) => void>>()

  /** @returns stops the listening. */
  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
    const listeners = this.byEvent.get(event) ?? new Set()
    this.byEvent.set(event, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.byEvent.get(event) ?? []) {
      const listen = listener as (value: Events[E]) => void
      listen(value)
    }
  }

  clear(): void {
    this.byEvent.clear()
  }
}
