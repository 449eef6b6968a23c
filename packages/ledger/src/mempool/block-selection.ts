import { compareBytes } from '@onehop/primitives'
import { type HeaderNode, medianTimePast } from '../header-node.ts'
import {
  BLOCK_MIN_FEE_RATE,
  MAX_BLOCK_SIGOPS_COST,
  MAX_BLOCK_WEIGHT,
  MAX_TEMPLATE_FAILURES,
  TEMPLATE_FULL_WEIGHT_MARGIN,
  TEMPLATE_RESERVED_SIGOPS_COST,
  TEMPLATE_RESERVED_WEIGHT,
  WITNESS_SCALE_FACTOR,
} from '../limits.ts'
import { isFinal } from '../rules/check-transaction-final.ts'
import { feeAt } from './fee-rate.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import { PlacedHeap } from './placed-heap.ts'

/** How much a block may hold, the header and the coinbase included. */
export interface BlockRoom {
  /** Weight units. */
  readonly weight: number
  readonly sigopsCost: number
}

const WHOLE_BLOCK: BlockRoom = { weight: MAX_BLOCK_WEIGHT, sigopsCost: MAX_BLOCK_SIGOPS_COST }

/**
 * Chooses what the next block has, by the fee rate of each transaction together with those of its ancestors that are not
 * in the block yet; what remains is rated anew after each choice (`BlockAssembler::addPackageTxs`).
 * @returns parents before children.
 */
export function selectForBlock(
  entries: Iterable<MempoolEntry>,
  parent: HeaderNode,
  room: BlockRoom = WHOLE_BLOCK,
): MempoolEntry[] {
  const selection = new BlockSelection([...entries], parent, room)
  selection.run()
  return selection.chosen
}

/** Where an entry stands. */
const STATE = { waiting: 0, chosen: 1, leftOut: 2 } as const

/** Entries are numbered. What changes in the course of the selection is in arrays by number, the entries stay as they are. */
class BlockSelection {
  readonly chosen: MempoolEntry[] = []
  private readonly entries: readonly MempoolEntry[]
  private readonly parent: HeaderNode
  private readonly room: BlockRoom
  private readonly medianTime: number
  private readonly state: Uint8Array
  /** Satoshis of the entry and of its ancestors that are not chosen. */
  private readonly fees: Float64Array
  /** Virtual bytes of the same. */
  private readonly sizes: Float64Array
  private readonly sigops: Float64Array
  /** Fee and size by which the entry is rated: its own or its package's, whichever is worse. */
  private readonly scoreFees: Float64Array
  private readonly scoreSizes: Float64Array
  private readonly queue: PlacedHeap<number>
  private numbers: Map<MempoolEntry, number> | undefined
  private weight = TEMPLATE_RESERVED_WEIGHT
  private sigopsCost = TEMPLATE_RESERVED_SIGOPS_COST

  constructor(entries: readonly MempoolEntry[], parent: HeaderNode, room: BlockRoom) {
    const count = entries.length
    this.entries = entries
    this.parent = parent
    this.room = room
    this.medianTime = medianTimePast(parent)
    this.state = new Uint8Array(count)
    this.fees = Float64Array.from(entries, entry => Number(entry.ancestorFees))
    this.sizes = Float64Array.from(entries, entry => entry.ancestorSize)
    this.sigops = Float64Array.from(entries, entry => entry.ancestorSigopsCost)
    this.scoreFees = new Float64Array(count)
    this.scoreSizes = new Float64Array(count)
    for (let i = 0; i < count; i++) this.rate(i)
    const places = new Int32Array(count)
    this.queue = new PlacedHeap(
      places.keys(),
      {
        get: i => places[i]!,
        set: (i, place) => {
          places[i] = place
        },
      },
      (a, b) => this.isBetter(a, b),
    )
  }

  run(): void {
    let failures = 0
    for (let i = this.queue.pop(); i !== undefined; i = this.queue.pop()) {
      const size = this.sizes[i]!
      if (this.fees[i]! < Number(feeAt(BLOCK_MIN_FEE_RATE, size))) return
      if (!this.fits(i)) {
        this.state[i] = STATE.leftOut
        failures += 1
        if (failures > MAX_TEMPLATE_FAILURES && this.isNearlyFull()) return
        continue
      }
      const members = this.packageOf(i)
      if (!members.every(entry => this.isReady(entry))) {
        this.state[i] = STATE.leftOut
        continue
      }
      failures = 0
      for (const member of members) this.choose(member)
    }
  }

  private fits(i: number): boolean {
    return (
      this.weight + WITNESS_SCALE_FACTOR * this.sizes[i]! < this.room.weight &&
      this.sigopsCost + this.sigops[i]! < this.room.sigopsCost
    )
  }

  private isNearlyFull(): boolean {
    return this.weight > this.room.weight - TEMPLATE_FULL_WEIGHT_MARGIN
  }

  private isReady({ transaction }: MempoolEntry): boolean {
    return isFinal(transaction, this.parent.height + 1, this.medianTime)
  }

  /** The entry and its ancestors that are not chosen, in an order that a block can have. */
  private packageOf(i: number): MempoolEntry[] {
    const entry = this.entries[i]!
    if (entry.ancestorCount === 1) return [entry]
    const members = [...entry.ancestors].filter(each => this.state[this.numberOf(each)] !== STATE.chosen)
    return [...members, entry].sort(byAncestorCount)
  }

  private choose(entry: MempoolEntry): void {
    const { transaction, sigopsCost } = entry
    this.chosen.push(entry)
    this.weight += transaction.weight
    this.sigopsCost += sigopsCost
    if (entry.ancestorCount === 1 && entry.descendantCount === 1) return
    const number = this.numberOf(entry)
    this.state[number] = STATE.chosen
    this.queue.remove(number)
    for (const descendant of entry.descendants) this.discount(descendant, entry)
  }

  /** The descendant's package is smaller by the entry, which is chosen; there may be room for it again. */
  private discount(descendant: MempoolEntry, entry: MempoolEntry): void {
    const i = this.numberOf(descendant)
    if (this.state[i] === STATE.chosen) return
    this.fees[i]! -= Number(entry.modifiedFee)
    this.sizes[i]! -= entry.virtualSize
    this.sigops[i]! -= entry.sigopsCost
    this.rate(i)
    if (this.state[i] === STATE.waiting) this.queue.update(i)
    else {
      this.state[i] = STATE.waiting
      this.queue.push(i)
    }
  }

  private rate(i: number): void {
    const { virtualSize, modifiedFee } = this.entries[i]!
    const own = Number(modifiedFee)
    const isPackageWorse = own * this.sizes[i]! > this.fees[i]! * virtualSize
    this.scoreFees[i] = isPackageWorse ? this.fees[i]! : own
    this.scoreSizes[i] = isPackageWorse ? this.sizes[i]! : virtualSize
  }

  private isBetter(a: number, b: number): boolean {
    const left = this.scoreFees[a]! * this.scoreSizes[b]!
    const right = this.scoreFees[b]! * this.scoreSizes[a]!
    return left === right ? compareIds(this.entries[a]!, this.entries[b]!) < 0 : left > right
  }

  private numberOf(entry: MempoolEntry): number {
    this.numbers ??= new Map(this.entries.map((each, i) => [each, i]))
    return this.numbers.get(entry)!
  }
}

function byAncestorCount(a: MempoolEntry, b: MempoolEntry): number {
  return a.ancestorCount - b.ancestorCount || compareIds(a, b)
}

function compareIds(a: MempoolEntry, b: MempoolEntry): number {
  return compareBytes(a.transaction.txid, b.transaction.txid)
}
