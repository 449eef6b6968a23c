/** A chain that keeps the coins of every block, and replays instead of undoing: slow, and short enough to be seen to be right. */
import { type Block, REGTEST } from '@onehop/ledger'
import {
  areTransactionsCommitted,
  areWitnessesCommitted,
  coinsAfter,
  hexOf,
  isBodyGood,
  isHeaderGood,
  type ModelCoin,
  type ModelParent,
  medianOf,
  type SpendCheck,
} from './naive-rules.ts'

/** A header that the chain knows, and perhaps its body. */
interface ModelBlock {
  readonly hash: string
  /** Its body counts when it is stored. */
  block: Block
  readonly parent: ModelBlock | undefined
  readonly height: number
  stored: boolean
  /** It, or an ancestor, is known to break a rule, or was called invalid by hand. */
  marked: boolean
  /** When it and all before it were stored: at equal height, the earliest is chosen. */
  linkedOrder: number
}

/** The reference: takes blocks in any order, and stands on the highest valid chain of those whose bodies it has. */
export class NaiveChain {
  private readonly blocks = new Map<string, ModelBlock>()
  private readonly checkSpend: SpendCheck | undefined
  /** Where a block stands decides what it does to the coins, for good. */
  private readonly replayed = new Map<
    ModelBlock,
    { readonly coins: ReadonlyMap<string, ModelCoin> | undefined }
  >()
  private linkCount = 0
  private tipBlock: ModelBlock

  constructor(checkSpend?: SpendCheck) {
    this.checkSpend = checkSpend
    const hash = hexOf(REGTEST.genesis.hash)
    this.tipBlock = {
      hash,
      block: REGTEST.genesis,
      parent: undefined,
      height: 0,
      stored: true,
      marked: false,
      linkedOrder: 0,
    }
    this.blocks.set(hash, this.tipBlock)
  }

  get tip(): { readonly hash: string; readonly height: number } {
    return this.tipBlock
  }

  /** Coins at the tip. */
  get coins(): ReadonlyMap<string, ModelCoin> {
    return this.coinsOf(this.tipBlock) ?? fail('the tip is valid')
  }

  /** Takes the block's header. @returns whether it is in order. */
  acceptHeader(block: Block, nowSeconds: number): boolean {
    return this.addHeader(block, nowSeconds) !== undefined
  }

  /** Takes a block. @returns whether it is in order, as far as that can be told now. */
  acceptBlock(block: Block, nowSeconds: number): boolean {
    const added = this.addHeader(block, nowSeconds)
    if (added === undefined) return false
    if (added.stored) return true
    // A body that is not the header's leaves the header as it is.
    if (!areTransactionsCommitted(block)) return false
    const parent = added.parent ?? fail('only the first block has no parent')
    added.block = block
    this.replayed.delete(added)
    const isGood = isBodyGood(block, parentOf(parent))
    if (isGood && !areWitnessesCommitted(block)) return false
    if (!isGood || (parent === this.tipBlock && this.coinsOf(added) === undefined)) {
      this.mark(added)
      return false
    }
    added.stored = true
    this.link(added)
    this.activateBest()
    return !added.marked
  }

  /** Calls a block invalid by hand. */
  invalidate(hash: string): void {
    this.mark(this.blocks.get(hash) ?? fail('a known block'))
    while (this.tipBlock.marked) this.tipBlock = this.tipBlock.parent ?? fail('genesis is valid')
    this.activateBest()
  }

  /** Takes back what is known against the block, its ancestors and its descendants. */
  reconsider(hash: string): void {
    const block = this.blocks.get(hash) ?? fail('a known block')
    for (const other of this.blocks.values())
      if (isAncestor(other, block) || isAncestor(block, other)) other.marked = false
    this.activateBest()
  }

  /** After a restart, the chain that was active is the first choice at its height. */
  restart(): void {
    for (const block of pathTo(this.tipBlock)) block.linkedOrder = 0
  }

  private addHeader(block: Block, nowSeconds: number): ModelBlock | undefined {
    const hash = hexOf(block.hash)
    const known = this.blocks.get(hash)
    if (known !== undefined) return known.marked ? undefined : known
    const parent = this.blocks.get(hexOf(block.header.previousBlock))
    if (parent === undefined || parent.marked) return undefined
    if (!isHeaderGood(block, parentOf(parent), nowSeconds)) return undefined
    const added: ModelBlock = {
      hash,
      block,
      parent,
      height: parent.height + 1,
      stored: false,
      marked: false,
      linkedOrder: Number.POSITIVE_INFINITY,
    }
    this.blocks.set(hash, added)
    return added
  }

  /** Coins after the block, replayed from genesis; undefined when it or a block before it is invalid. */
  private coinsOf(block: ModelBlock): ReadonlyMap<string, ModelCoin> | undefined {
    const known = this.replayed.get(block)
    if (known !== undefined) return known.coins
    const coins = this.replay(block)
    this.replayed.set(block, { coins })
    return coins
  }

  private replay(block: ModelBlock): ReadonlyMap<string, ModelCoin> | undefined {
    if (block.parent === undefined) return new Map()
    const before = this.coinsOf(block.parent)
    const parent = parentOf(block.parent)
    if (before === undefined || !isBodyGood(block.block, parent)) return undefined
    return coinsAfter(block.block, before, parent, this.checkSpend)
  }

  private mark(block: ModelBlock): void {
    for (const other of this.blocks.values()) if (isAncestor(block, other)) other.marked = true
  }

  /** Numbers the block and those that waited for it, if nothing before it lacks. */
  private link(block: ModelBlock): void {
    if (!block.stored || (block.parent?.linkedOrder ?? 0) === Number.POSITIVE_INFINITY) return
    block.linkedOrder = ++this.linkCount
    for (const child of this.blocks.values()) if (child.parent === block) this.link(child)
  }

  private activateBest(): void {
    for (;;) {
      const best = this.bestLinked()
      const wrong = pathTo(best).find(step => this.coinsOf(step) === undefined)
      if (wrong === undefined) {
        this.tipBlock = best
        return
      }
      this.mark(wrong)
    }
  }

  private bestLinked(): ModelBlock {
    let best = this.tipBlock
    for (const block of this.blocks.values()) {
      if (block.marked || block.linkedOrder === Number.POSITIVE_INFINITY) continue
      const isEarlier = block.height === best.height && block.linkedOrder < best.linkedOrder
      if (block.height > best.height || isEarlier) best = block
    }
    return best
  }
}

function fail(expected: string): never {
  throw new Error(`the model is wrong: ${expected}`)
}

function pathTo(block: ModelBlock): ModelBlock[] {
  const path: ModelBlock[] = []
  for (let step: ModelBlock | undefined = block; step; step = step.parent) path.push(step)
  return path.reverse()
}

/** Whether `b` is `a` or builds on it. */
function isAncestor(a: ModelBlock, b: ModelBlock): boolean {
  return pathTo(b).includes(a)
}

function parentOf(block: ModelBlock): ModelParent {
  const path = pathTo(block)
  const timesAt = (height: number) =>
    path
      .slice(0, height + 1)
      .map(step => step.block.header.time)
      .reverse()
  return {
    height: block.height,
    times: timesAt(block.height).slice(0, 11),
    medianTimeAt: height => medianOf(timesAt(height)),
  }
}
