import { BLOCK_BYTES } from '../limits.ts'
import type { PeerKey } from '../machine/peer-state.ts'

/** The contributor of blocks of padding: nobody. */
export const PADDING = ''

/** A piece being put together from blocks, in memory. */
export class ActivePiece {
  readonly index: number
  readonly lengthBytes: number
  readonly blockCount: number
  /** At least `lengthBytes` long: buffers are reused. */
  readonly buffer: Uint8Array
  /** `storing`: all blocks are there, the driver verifies and writes. `abandoned`: nothing may be written any more. */
  state: 'fetching' | 'storing' | 'abandoned' = 'fetching'
  /** When set, only this peer may contribute: it is under suspicion, or the piece was corrupt before. */
  owner: PeerKey | undefined
  /** Who was asked first: it goes on with the piece before others join in. */
  lead: PeerKey | undefined
  /** Who sent each block that is here: `remotePeer`, or {@link PADDING}. */
  readonly contributors: (string | undefined)[]
  /** Blocks that no one has been asked for and that are not here. */
  unrequested: number
  /** Requests for its blocks that are not answered yet, those for one block from several peers counted apart. */
  outstanding = 0
  private missing: number
  private readonly requesters: Uint8Array
  /** When the requests for each block began. */
  private readonly askedMs: Float64Array
  /** Who is writing into the buffer at each block right now. */
  private readonly writers: (PeerKey | undefined)[]
  /** No block before this one is unrequested. */
  private cursor = 0

  constructor(index: number, lengthBytes: number, buffer: Uint8Array) {
    this.index = index
    this.lengthBytes = lengthBytes
    this.blockCount = Math.ceil(lengthBytes / BLOCK_BYTES)
    this.buffer = buffer
    this.unrequested = this.blockCount
    this.missing = this.blockCount
    this.contributors = new Array<string | undefined>(this.blockCount).fill(undefined)
    this.writers = new Array<PeerKey | undefined>(this.blockCount).fill(undefined)
    this.requesters = new Uint8Array(this.blockCount)
    this.askedMs = new Float64Array(this.blockCount)
  }

  /** The piece's bytes. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.lengthBytes)
  }

  get isComplete(): boolean {
    return this.missing === 0
  }

  has(block: number): boolean {
    return this.contributors[block] !== undefined
  }

  blockLength(block: number): number {
    return Math.min(BLOCK_BYTES, this.lengthBytes - block * BLOCK_BYTES)
  }

  /** Where a block's bytes go (a view). */
  blockBytes(block: number): Uint8Array {
    return this.buffer.subarray(block * BLOCK_BYTES, block * BLOCK_BYTES + this.blockLength(block))
  }

  /** Whether the peer may contribute. */
  isOpenTo(peer: PeerKey): boolean {
    return this.state === 'fetching' && (this.owner === undefined || this.owner === peer)
  }

  /** The next block that no one has been asked for. */
  nextUnrequested(): number | undefined {
    if (this.unrequested === 0) return undefined
    while (this.requesters[this.cursor] !== 0 || this.has(this.cursor)) this.cursor++
    return this.cursor
  }

  requestersOf(block: number): number {
    return this.requesters[block]!
  }

  addRequester(block: number, nowMs: number): void {
    this.outstanding++
    if (this.requesters[block]!++ > 0) return
    this.askedMs[block] = nowMs
    if (!this.has(block)) this.unrequested--
  }

  /** Whether the block was asked for so long ago, and is not here. */
  isLate(block: number, nowMs: number, limitMs: number): boolean {
    return this.requesters[block]! > 0 && !this.has(block) && this.waitedMs(block, nowMs) >= limitMs
  }

  /** Time since the block was asked for, if it was. */
  waitedMs(block: number, nowMs: number): number {
    return nowMs - this.askedMs[block]!
  }

  removeRequester(block: number): void {
    this.outstanding--
    if (--this.requesters[block]! === 0 && !this.has(block)) {
      this.unrequested++
      this.cursor = Math.min(this.cursor, block)
    }
  }

  /** Claims the block's place in the buffer. False when another peer is writing there. */
  claim(block: number, peer: PeerKey): boolean {
    this.writers[block] ??= peer
    return this.writers[block] === peer
  }

  unclaim(block: number, peer: PeerKey): void {
    if (this.writers[block] === peer) this.writers[block] = undefined
  }

  /** The block is padding: zeros that nobody needs to send (BEP 47). */
  fillWithZeros(block: number): void {
    this.blockBytes(block).fill(0)
    this.complete(block, PADDING)
  }

  /** The block's bytes are in the buffer. */
  complete(block: number, remotePeer: string): void {
    if (this.has(block)) return
    this.contributors[block] = remotePeer
    if (this.requesters[block] === 0) this.unrequested--
    this.missing--
  }

  /** Forgets the blocks that a liar sent. */
  discardFrom(remotePeer: string): void {
    for (let block = 0; block < this.blockCount; block++) {
      if (this.contributors[block] !== remotePeer) continue
      this.contributors[block] = undefined
      this.missing++
      if (this.requesters[block] !== 0) continue
      this.unrequested++
      this.cursor = Math.min(this.cursor, block)
    }
  }
}
