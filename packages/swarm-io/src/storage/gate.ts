/** Lets many in together, or one alone: who moves files must not meet who reads them. In the order of arrival. */
export class Gate {
  private inside = 0
  private isAlone = false
  private readonly waiting: { readonly isAlone: boolean; readonly enter: () => void }[] = []

  together<T>(action: () => Promise<T>): Promise<T> {
    return this.pass(false, action)
  }

  alone<T>(action: () => Promise<T>): Promise<T> {
    return this.pass(true, action)
  }

  private async pass<T>(isAlone: boolean, action: () => Promise<T>): Promise<T> {
    if (this.waiting.length > 0 || !this.admits(isAlone)) {
      await new Promise<void>(enter => this.waiting.push({ isAlone, enter }))
    } else {
      this.enter(isAlone)
    }
    try {
      return await action()
    } finally {
      this.leave()
    }
  }

  private admits(isAlone: boolean): boolean {
    return this.inside === 0 || !(isAlone || this.isAlone)
  }

  private enter(isAlone: boolean): void {
    this.inside++
    this.isAlone = isAlone
  }

  private leave(): void {
    this.inside--
    if (this.inside === 0) this.isAlone = false
    while (this.waiting.length > 0 && this.admits(this.waiting[0]!.isAlone)) {
      const next = this.waiting.shift()!
      this.enter(next.isAlone)
      next.enter()
    }
  }
}
