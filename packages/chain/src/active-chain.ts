import { ancestorAt, type HeaderNode } from '@onehop/ledger'
import { assert, assertDefined } from '@onehop/primitives'

/** The blocks from the first one to the tip, by height. */
export class ActiveChain {
  private readonly nodes: HeaderNode[]

  constructor(tip: HeaderNode) {
    const nodes: HeaderNode[] = []
    for (let node: HeaderNode | undefined = tip; node !== undefined; node = node.parent) nodes.push(node)
    this.nodes = nodes.reverse()
  }

  get tip(): HeaderNode {
    return assertDefined(this.nodes.at(-1), 'the first block is never disconnected')
  }

  at(height: number): HeaderNode | undefined {
    return this.nodes[height]
  }

  contains(node: HeaderNode): boolean {
    return this.nodes[node.height] === node
  }

  /** The last block that the branch ending in `node` has in common with this chain. */
  forkWith(node: HeaderNode): HeaderNode {
    let fork = ancestorAt(node, Math.min(node.height, this.tip.height))
    while (!this.contains(fork)) fork = assertDefined(fork.parent, 'all branches share the first block')
    return fork
  }

  push(node: HeaderNode): void {
    assert(node.parent === this.tip, 'a block is connected to the tip')
    this.nodes.push(node)
  }

  pop(): void {
    assert(this.nodes.length > 1, 'the first block is never disconnected')
    this.nodes.pop()
  }
}
