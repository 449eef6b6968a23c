import { type Costs, type PeerHandle, type Pointer, pointerName } from '@onehop/overlay'
import { pointerCost } from './codec.ts'
import type { Custody } from './custody.ts'
import { MAX_POINTERS_PER_MESSAGE, MAX_PULL_PAGES, MAX_TRANSFER_BYTES, MAX_TRIES } from './limits.ts'
import type { Pull, Share, Why } from './messages.ts'
import type { Range } from './pointer-index.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { ChordState } from './state.ts'

/** Moves pointers between two nodes: whole ranges to who enters, and only what is missing between replicas. */
export class Transfer {
  private readonly state: ChordState
  private readonly custody: Custody

  constructor(state: ChordState, custody: Custody) {
    this.state = state
    this.custody = custody
  }

  /**
   * Fetches all that the peer holds in the range.
   * @param done told what it held; undefined: the peer fell silent.
   */
  pull(
    from: RingEntry,
    range: Range,
    why: Why,
    done: (pointers: Pointer[] | undefined) => void,
    costs?: Costs,
  ): void {
    const row = this.state.hold(from)
    const pulled: Pointer[] = []
    const end = (pointers: Pointer[] | undefined) => {
      this.state.drop(row)
      done(pointers)
    }
    const next = (page: number) =>
      this.pullPage(row, { range, why, skip: pulled.length, costs }, MAX_TRIES, share => {
        if (share === undefined) {
          end(undefined)
          return
        }
        pulled.push(...share.pointers)
        this.custody.intake.verify(share.pointers, row.peer, valid => {
          this.custody.put(valid)
          const isLast = !share.more || share.pointers.length === 0 || page + 1 >= MAX_PULL_PAGES
          if (isLast) end(pulled)
          else next(page + 1)
        })
      })
    next(0)
  }

  /** Makes both hold the same in the range: told in a few bytes when they do already. */
  reconcile(with_: RingEntry, range: Range, why: Why, done: (isReconciled: boolean) => void): void {
    const row = this.state.hold(with_)
    const end = (isReconciled: boolean) => {
      this.state.drop(row)
      done(isReconciled)
    }
    const own = this.custody.digestOf(range)
    this.state.ask(row.peer, 'compared', request => ({ type: 'compare', request, why, ...range, ...own }), {
      onReply: ({ isSame }) => {
        if (isSame) end(true)
        else
          this.pull(with_, range, why, theirs => {
            if (theirs === undefined) end(false)
            else this.push(row, this.missingFrom(theirs, range), why, end)
          })
      },
      onSilence: () => end(false),
    })
  }

  /** Sends pointers to a peer that is to hold them, batch by batch. */
  push(row: RingPeer, pointers: readonly Pointer[], why: Why, done: (isStored: boolean) => void): void {
    const [batch, rest] = firstBatch(pointers)
    if (batch.length === 0) {
      done(true)
      return
    }
    const store = (tries: number) =>
      this.state.ask(row.peer, 'stored', request => ({ type: 'store', request, why, pointers: batch }), {
        onReply: () => this.push(row, rest, why, done),
        onSilence: silence => {
          if (silence === 'timed out' && tries > 1) store(tries - 1)
          else done(false)
        },
      })
    store(MAX_TRIES)
  }

  /** Sends pointers and waits for nothing: the node leaves. */
  handOver(to: PeerHandle, pointers: readonly Pointer[], why: Why): void {
    for (let [batch, rest] = firstBatch(pointers); batch.length > 0; [batch, rest] = firstBatch(rest))
      this.state.environment.send(to, { type: 'store', request: 0, why, pointers: batch })
  }

  private pullPage(
    row: RingPeer,
    page: {
      readonly range: Range
      readonly why: Why
      readonly skip: number
      readonly costs: Costs | undefined
    },
    tries: number,
    done: (share: Share | undefined) => void,
  ): void {
    const { range, why, skip, costs } = page
    if (costs !== undefined) costs.messages++
    const build = (request: number): Pull => ({ type: 'pull', request, why, ...range, skip })
    this.state.ask(row.peer, 'share', build, {
      onReply: done,
      onSilence: silence => {
        if (silence === 'timed out' && tries > 1) this.pullPage(row, page, tries - 1, done)
        else done(undefined)
      },
    })
  }

  private missingFrom(theirs: readonly Pointer[], range: Range): Pointer[] {
    const known = new Map(theirs.map(pointer => [pointerName(pointer), pointer.sequence]))
    return [...this.custody.inRange(range)].filter(
      pointer => (known.get(pointerName(pointer)) ?? -1) < pointer.sequence,
    )
  }
}

function firstBatch(pointers: readonly Pointer[]): [batch: Pointer[], rest: readonly Pointer[]] {
  let [count, bytes] = [0, 0]
  for (const pointer of pointers) {
    bytes += pointerCost(pointer)
    if (bytes > MAX_TRANSFER_BYTES || count === MAX_POINTERS_PER_MESSAGE) break
    count++
  }
  return [pointers.slice(0, count), pointers.slice(count)]
}
