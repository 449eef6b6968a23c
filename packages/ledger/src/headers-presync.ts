import { equalBytes, invalid, type Rejection, type Result, refused, sipHash24 } from '@onehop/primitives'
import type { BlockHeader } from './block.ts'
import { isPermittedTransition } from './difficulty.ts'
import { type HeaderNode, medianTimePast } from './header-node.ts'
import type { BlockHash } from './ids.ts'
import {
  HEADER_COMMITMENT_PERIOD,
  MAX_BLOCKS_PER_SECOND,
  MAX_FUTURE_BLOCK_TIME_SECONDS,
  REDOWNLOAD_BUFFER_HEADERS,
} from './limits.ts'
import type { ChainParameters } from './params.ts'
import { workOf } from './proof-of-work.ts'
import { checkHeaderProofOfWork } from './rules/check-header-proof-of-work.ts'

/** What a presync is made with. */
export interface PresyncOptions {
  /** The block that the peer's headers build on. */
  readonly start: HeaderNode
  /** Work that the peer's chain must show, the work up to `start` included. */
  readonly minimumWork: bigint
  readonly parameters: ChainParameters
  /** 16 random bytes that the peer does not know. */
  readonly salt: Uint8Array
  /** Unix time. */
  readonly nowSeconds: number
}

/** Where a walk along the peer's headers stands. */
interface Walk {
  hash: BlockHash
  bits: number
  height: number
  work: bigint
}

/**
 * Looks whether a chain of headers has enough work before any of it is kept (`HeadersSyncState`). The peer sends it
 * twice: the first time, one bit of every so many headers is remembered; the second time, headers are handed out when
 * enough bits after them have agreed that it is the same chain.
 */
export class HeadersPresync {
  private readonly options: PresyncOptions
  /** The headers at these heights, modulo the period, are committed to. */
  private readonly offset: number
  private readonly maxCommitments: number
  private readonly commitments: boolean[] = []
  private nextCommitment = 0
  private readonly buffer: BlockHeader[] = []
  private walk: Walk
  private isSecondTime = false
  private isOver = false

  constructor(options: PresyncOptions) {
    this.options = options
    const { start, salt, nowSeconds } = options
    this.offset = Number(sipHash24(salt, start.hash) % BigInt(HEADER_COMMITMENT_PERIOD))
    const seconds = nowSeconds - medianTimePast(start) + MAX_FUTURE_BLOCK_TIME_SECONDS
    this.maxCommitments = Math.floor((MAX_BLOCKS_PER_SECOND * seconds) / HEADER_COMMITMENT_PERIOD)
    this.walk = this.beginning()
  }

  /** Whether the peer is to be asked for headers after {@link last}. */
  get wantsMore(): boolean {
    return !this.isOver
  }

  /** The header after which the peer's next answer has to begin. */
  get last(): BlockHash {
    return this.walk.hash
  }

  /** Height of {@link last}. */
  get height(): number {
    return this.walk.height
  }

  /** Hashes that the peer's chain has up to where the walk stands. */
  get work(): bigint {
    return this.walk.work
  }

  /**
   * Takes the next headers of the peer.
   * @param isFull more may follow them.
   * @returns those whose chain has enough work: they may be kept. Refused: `high-hash`, `bad-diffbits`,
   *   `non-continuous headers sequence` (blame: sender); `too-little-chainwork`, `headers-changed`, `too-many-headers`
   *   (blame: nobody). After a refusal it is over.
   */
  take(headers: readonly BlockHeader[], isFull: boolean): Result<readonly BlockHeader[]> {
    if (this.isOver) return refused('too-many-headers')
    for (const [i, header] of headers.entries()) {
      const rejection = this.step(header, i === 0)
      if (rejection !== undefined) return this.end(rejection)
      if (!this.isSecondTime && this.hasEnough) {
        this.isSecondTime = true
        this.walk = this.beginning()
        return { ok: true, value: [] }
      }
    }
    if (!isFull && !this.hasEnough) return this.end(refused('too-little-chainwork'))
    this.isOver = this.hasEnough
    return { ok: true, value: this.release() }
  }

  private get hasEnough(): boolean {
    return this.walk.work >= this.options.minimumWork
  }

  private beginning(): Walk {
    const { hash, header, height, chainWork } = this.options.start
    return { hash, bits: header.bits, height, work: chainWork }
  }

  private end(rejection: Rejection): Rejection {
    this.isOver = true
    this.buffer.length = 0
    this.commitments.length = 0
    return rejection
  }

  private step(header: BlockHeader, isFirst: boolean): Rejection | undefined {
    const { walk } = this
    const { parameters } = this.options
    if (!equalBytes(header.previousBlock, walk.hash))
      return isFirst ? refused('headers-changed') : invalid('non-continuous headers sequence')
    const proof = checkHeaderProofOfWork(header, parameters)
    if (!proof.ok) return proof
    if (!isPermittedTransition(walk.height + 1, walk.bits, header.bits, parameters))
      return invalid('bad-diffbits')
    const work = walk.work + workOf(header.bits)
    this.walk = { hash: header.hash, bits: header.bits, height: walk.height + 1, work }
    return this.isSecondTime ? this.compare(header) : this.commit()
  }

  /** The first time: remembers a bit of the header. */
  private commit(): Rejection | undefined {
    if (!this.isCommittedTo) return undefined
    if (this.commitments.length >= this.maxCommitments) return refused('too-many-headers')
    this.commitments.push(this.bit())
    return undefined
  }

  /** The second time: the bits have to be the same. The header that shows enough work needs none after it. */
  private compare(header: BlockHeader): Rejection | undefined {
    this.buffer.push(header)
    if (this.hasEnough || !this.isCommittedTo) return undefined
    return this.commitments[this.nextCommitment++] === this.bit() ? undefined : refused('headers-changed')
  }

  private get isCommittedTo(): boolean {
    return this.walk.height % HEADER_COMMITMENT_PERIOD === this.offset
  }

  private bit(): boolean {
    return (sipHash24(this.options.salt, this.walk.hash) & 1n) === 1n
  }

  /** Headers that are followed by so many bits that agreed, or by enough work. */
  private release(): readonly BlockHeader[] {
    const kept = this.hasEnough && this.isSecondTime ? 0 : REDOWNLOAD_BUFFER_HEADERS
    return this.buffer.splice(0, Math.max(0, this.buffer.length - kept))
  }
}
