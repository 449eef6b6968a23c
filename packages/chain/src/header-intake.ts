import {
  type BlockHash,
  type BlockHeader,
  type ChainParameters,
  checkProofOfWork,
  type HeaderNode,
  HeadersPresync,
  type HeaderTree,
  workOf,
} from '@onehop/ledger'
import { equalBytes, invalid, OK, type Result, refused, type Verdict } from '@onehop/primitives'
import { MAX_BRANCH_DEPTH_BLOCKS, MAX_HEADERS_AHEAD } from './limits.ts'

/** How fetching a peer's headers goes on. */
export type HeaderProgress =
  /**
   * The peer is to be asked for those after {@link HeaderIntake.locator}. None is kept up to the height, where there is
   * one: the chain has not shown enough work yet.
   */
  | { readonly next: 'more'; readonly presyncedHeight?: number }
  | { readonly next: 'nothing' }
  /** There are enough of them until the active chain has this work. */
  | { readonly next: 'later'; readonly atWork: bigint }

/** What an intake needs of its chain. */
export interface IntakePort {
  readonly tree: HeaderTree
  /** The last block of the active chain. */
  tip(): HeaderNode
  /** Keeps headers, each the child of one that is kept or of the one before it, up to the first that is refused. */
  add(headers: readonly BlockHeader[]): Verdict
  nowSeconds(): number
  /** 16 random bytes. */
  salt(): Uint8Array
}

/**
 * The least work of a branch whose headers are worth keeping (Bitcoin Core's `GetAntiDoSWorkThreshold`): that of the
 * active chain, but for its last day.
 */
export function workToKeep({ chainWork, header }: HeaderNode): bigint {
  const margin = BigInt(MAX_BRANCH_DEPTH_BLOCKS) * workOf(header.bits)
  return chainWork > margin ? chainWork - margin : 0n
}

/**
 * Whether each header has the work that it claims, and is the child of the one before it (Core: `CheckHeadersPoW`,
 * `CheckHeadersAreContinuous`). Only then do their claims add up to the work of a chain.
 */
function checkClaims(headers: readonly BlockHeader[], { powLimit }: ChainParameters): Verdict {
  if (headers.some(({ hash, bits }) => !checkProofOfWork(hash, bits, powLimit)))
    return invalid('high-hash', 'proof of work failed')
  const isContinuous = headers.every(
    ({ previousBlock }, i) => i === 0 || equalBytes(previousBlock, headers[i - 1]!.hash),
  )
  return isContinuous ? OK : invalid('non-continuous headers sequence')
}

/** Takes in the headers of one peer as they are fetched, in order. Keeps none before their chain has shown enough work. */
export class HeaderIntake {
  private readonly port: IntakePort
  private presync: HeadersPresync | undefined
  private last: BlockHash | undefined

  constructor(port: IntakePort) {
    this.port = port
  }

  /** Where the peer's next answer has to go on: hashes from the latest to the first block. */
  locator(): BlockHash[] {
    const { tree } = this.port
    const last = this.presync?.last ?? this.last
    // The peer's branch may have less work than ours so far: go on from its last header, not from our best.
    return last === undefined ? tree.locator() : [last, ...tree.locator()]
  }

  /**
   * Takes in the peer's answer. @param isFull more may follow.
   * @returns how to go on; or why the headers are refused, which ends the intake. Beside the codes of the tree:
   *   `too-little-chainwork`, `headers-changed`, `too-many-headers` (blame: nobody), `non-continuous headers sequence`
   *   (blame: sender).
   */
  take(headers: readonly BlockHeader[], isFull: boolean): Result<HeaderProgress> {
    if (this.presync !== undefined) return this.takeUnseen(this.presync, headers, isFull)
    const [first] = headers
    if (first === undefined) return { ok: true, value: { next: 'nothing' } }
    const claims = checkClaims(headers, this.port.tree.parameters)
    if (!claims.ok) return claims
    // Every answer must lead on, or a peer could keep us busy with the same headers forever.
    if (this.last !== undefined && !equalBytes(first.previousBlock, this.last))
      return refused('headers-changed')
    const parent = this.port.tree.get(first.previousBlock)
    if (parent === undefined) return refused('prev-blk-not-found')
    const work = headers.reduce((sum, { bits }) => sum + workOf(bits), parent.chainWork)
    const minimumWork = workToKeep(this.port.tip())
    if (work >= minimumWork || this.isKnown(headers.at(-1))) return this.keep(headers, isFull)
    this.presync = new HeadersPresync({
      start: parent,
      minimumWork,
      parameters: this.port.tree.parameters,
      salt: this.port.salt(),
      nowSeconds: this.port.nowSeconds(),
    })
    return this.takeUnseen(this.presync, headers, isFull)
  }

  private takeUnseen(
    presync: HeadersPresync,
    headers: readonly BlockHeader[],
    isFull: boolean,
  ): Result<HeaderProgress> {
    const released = presync.take(headers, isFull)
    if (!released.ok) return released
    if (presync.wantsMore) {
      const added = this.port.add(released.value)
      return added.ok ? { ok: true, value: { next: 'more', presyncedHeight: presync.height } } : added
    }
    this.presync = undefined
    return this.keep(released.value, isFull)
  }

  private keep(headers: readonly BlockHeader[], isFull: boolean): Result<HeaderProgress> {
    const added = this.port.add(headers)
    if (!added.ok) return added
    this.last = headers.at(-1)?.hash
    if (!isFull) return { ok: true, value: { next: 'nothing' } }
    return { ok: true, value: this.pauseAfter(this.last) ?? { next: 'more' } }
  }

  /** Where headers are free, a peer could send them without end: blocks have to follow. */
  private pauseAfter(last: BlockHash | undefined): HeaderProgress | undefined {
    const node = last && this.port.tree.get(last)
    if (node === undefined) return undefined
    const ahead = BigInt(MAX_HEADERS_AHEAD) * workOf(node.header.bits)
    if (node.chainWork <= this.port.tip().chainWork + ahead) return undefined
    return { next: 'later', atWork: node.chainWork - ahead / 2n }
  }

  private isKnown(header: BlockHeader | undefined): boolean {
    return header !== undefined && this.port.tree.get(header.hash) !== undefined
  }
}
