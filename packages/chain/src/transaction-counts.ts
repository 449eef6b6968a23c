import type { HeaderNode } from '@onehop/ledger'

/** Tells how many transactions one block has; undefined where nobody knows. */
export type CountInBlock = (node: HeaderNode) => Promise<number | undefined>

/** How many transactions there are from the first block on, remembered where it was asked. */
export class TransactionCounts {
  private readonly countInBlock: CountInBlock
  private readonly known = new WeakMap<HeaderNode, number>()

  constructor(countInBlock: CountInBlock) {
    this.countInBlock = countInBlock
  }

  /** Transactions of the block and all before it; undefined when the body of one was never here. */
  async upTo(node: HeaderNode): Promise<number | undefined> {
    let total = 0
    for (let walk: HeaderNode | undefined = node; walk !== undefined; walk = walk.parent) {
      const known = this.known.get(walk)
      if (known !== undefined) {
        total += known
        break
      }
      const count = await this.countInBlock(walk)
      if (count === undefined) return undefined
      total += count
    }
    this.known.set(node, total)
    return total
  }
}
