import { type RandomSource, randomElement } from '@onehop/primitives'

/** A set of node numbers from which one can be drawn at once. */
export class Living {
  /** In no order that means anything, but the same for the same history. */
  readonly numbers: number[] = []
  private readonly places = new Map<number, number>()

  get size(): number {
    return this.numbers.length
  }

  has(node: number): boolean {
    return this.places.has(node)
  }

  add(node: number): void {
    if (this.places.has(node)) return
    this.places.set(node, this.numbers.length)
    this.numbers.push(node)
  }

  /** @returns whether it was there. */
  delete(node: number): boolean {
    const place = this.places.get(node)
    if (place === undefined) return false
    const last = this.numbers.pop()!
    this.places.delete(node)
    if (last !== node) {
      this.numbers[place] = last
      this.places.set(last, place)
    }
    return true
  }

  draw(random: RandomSource): number | undefined {
    return randomElement(random, this.numbers)
  }
}
