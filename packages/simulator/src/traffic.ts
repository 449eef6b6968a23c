/** What a node has sent and received, dials included. */
export interface Traffic {
  readonly messagesSent: number
  readonly bytesSent: number
  readonly messagesReceived: number
  readonly bytesReceived: number
  /** Dials that this node has made, those that failed included. */
  readonly dials: number
}

const COLUMNS = 5
const FIRST_NODES = 64

/** The traffic of all nodes, in one array. */
export class TrafficTable {
  private counts = new Float64Array(FIRST_NODES * COLUMNS)
  private nodes = 0

  add(): void {
    this.nodes++
    if (this.nodes * COLUMNS <= this.counts.length) return
    const larger = new Float64Array(this.counts.length * 2)
    larger.set(this.counts)
    this.counts = larger
  }

  sent(node: number, bytes: number): void {
    const at = node * COLUMNS
    this.counts[at] = this.counts[at]! + 1
    this.counts[at + 1] = this.counts[at + 1]! + bytes
  }

  received(node: number, bytes: number): void {
    const at = node * COLUMNS
    this.counts[at + 2] = this.counts[at + 2]! + 1
    this.counts[at + 3] = this.counts[at + 3]! + bytes
  }

  /** Both ends have sent and received so much to open a connection. */
  dialled(from: number, to: number, bytes: number): void {
    this.counts[from * COLUMNS + 4] = this.counts[from * COLUMNS + 4]! + 1
    for (const node of [from, to]) {
      this.counts[node * COLUMNS + 1] = this.counts[node * COLUMNS + 1]! + bytes
      this.counts[node * COLUMNS + 3] = this.counts[node * COLUMNS + 3]! + bytes
    }
  }

  dialFailed(from: number): void {
    this.counts[from * COLUMNS + 4] = this.counts[from * COLUMNS + 4]! + 1
  }

  of(node: number): Traffic {
    const [messagesSent, bytesSent, messagesReceived, bytesReceived, dials] = this.counts.subarray(
      node * COLUMNS,
      (node + 1) * COLUMNS,
    ) as unknown as [number, number, number, number, number]
    return { messagesSent, bytesSent, messagesReceived, bytesReceived, dials }
  }
}
