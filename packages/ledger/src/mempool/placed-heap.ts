/** Where items stand in a heap: −1 for outside of it. */
export interface Places<T> {
  get(item: T): number
  set(item: T, place: number): void
}

/** A binary heap whose items know their places, so that any of them can change its rank or go. */
export class PlacedHeap<T> {
  private readonly heap: T[]
  private readonly places: Places<T>
  private readonly goesBefore: (a: T, b: T) => boolean

  /** With these items in it. */
  constructor(items: Iterable<T>, places: Places<T>, goesBefore: (a: T, b: T) => boolean) {
    this.heap = [...items]
    this.places = places
    this.goesBefore = goesBefore
    for (let place = 0; place < this.heap.length; place++) places.set(this.heap[place]!, place)
    for (let place = (this.heap.length >> 1) - 1; place >= 0; place--) this.sink(place)
  }

  get first(): T | undefined {
    return this.heap[0]
  }

  /** Takes the first one out. */
  pop(): T | undefined {
    const first = this.heap[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  push(item: T): void {
    this.heap.push(item)
    this.rise(this.heap.length - 1)
  }

  /** The item's rank has changed. Nothing happens when it is not here. */
  update(item: T): void {
    const place = this.places.get(item)
    if (place < 0) return
    this.rise(place)
    this.sink(this.places.get(item))
  }

  /** Nothing happens when it is not here. */
  remove(item: T): void {
    const place = this.places.get(item)
    if (place < 0) return
    this.places.set(item, -1)
    const last = this.heap.pop()!
    if (last === item) return
    this.put(last, place)
    this.update(last)
  }

  private put(item: T, place: number): void {
    this.heap[place] = item
    this.places.set(item, place)
  }

  private rise(from: number): void {
    const item = this.heap[from]!
    let place = from
    while (place > 0) {
      const parent = this.heap[(place - 1) >> 1]!
      if (!this.goesBefore(item, parent)) break
      this.put(parent, place)
      place = (place - 1) >> 1
    }
    this.put(item, place)
  }

  private sink(from: number): void {
    const { heap } = this
    const item = heap[from]!
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.goesBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!this.goesBefore(heap[child]!, item)) break
      this.put(heap[child]!, place)
      place = child
    }
    this.put(item, place)
  }
}
