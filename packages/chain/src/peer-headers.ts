import { type BlockHeader, checkProofOfWork, type HeaderNode, type HeaderTree, workOf } from '@onehop/ledger'
import { OK, refused, type Verdict } from '@onehop/primitives'
import type { BlockIndex } from './block-index.ts'
import { HeaderIntake, workToKeep } from './header-intake.ts'
import { MAX_ANNOUNCED_HEADERS_PER_SOURCE, MAX_UNPROVEN_HEADERS } from './limits.ts'
import { UnprovenHeaders } from './unproven-headers.ts'

/** What headers of peers are put into. */
export interface PeerHeadersOptions {
  readonly tree: HeaderTree
  readonly index: BlockIndex
  /** The last block of the active chain. */
  tip(): HeaderNode
  nowSeconds(): number
  /** 16 random bytes. */
  salt(): Uint8Array
  /** Headers were added: sees that they are stored soon, and {@link PeerHeaders.dropSurplus} runs. */
  onAdded(): void
}

/** Takes in headers, and charges peers for those whose blocks never come. */
export class PeerHeaders {
  private readonly options: PeerHeadersOptions
  private readonly unproven = new UnprovenHeaders()

  constructor(options: PeerHeadersOptions) {
    this.options = options
  }

  /** Adds headers up to the first that is refused. @param source pays for those whose blocks do not come. */
  add(headers: readonly BlockHeader[], source?: string): Verdict {
    const { index, onAdded } = this.options
    const wasStored = !index.hasUnstored
    const verdict = this.addEach(headers, source)
    if (wasStored && index.hasUnstored) onAdded()
    return verdict
  }

  /** Adds a header that a peer announced. */
  addAnnounced(header: BlockHeader, source: string): Verdict {
    const { tree } = this.options
    const parent = tree.get(header.previousBlock)
    const isNew = parent !== undefined && tree.get(header.hash) === undefined
    // What is against consensus whatever else is known, the tree says first.
    if (!isNew || !checkProofOfWork(header.hash, header.bits, tree.parameters.powLimit))
      return this.add([header], source)
    if (parent.chainWork + workOf(header.bits) < workToKeep(this.options.tip()))
      return refused('too-little-chainwork')
    return this.hasRoomFor(source) ? this.add([header], source) : refused('too-many-headers')
  }

  /** Begins to take in all headers of a peer. */
  openIntake(source: string): HeaderIntake {
    const { tree, tip, nowSeconds, salt } = this.options
    return new HeaderIntake({ tree, tip, nowSeconds, salt, add: headers => this.add(headers, source) })
  }

  /** Headers whose blocks never came make room for others. Nothing that changes the chain may be under way. */
  dropSurplus(): void {
    const { unproven } = this
    if (unproven.size > MAX_UNPROVEN_HEADERS) unproven.settleAll()
    if (unproven.size <= MAX_UNPROVEN_HEADERS) return
    const { index, tree } = this.options
    const droppable = index.withoutBodies(unproven.takeHeaviest())
    index.remove(tree.remove(droppable.map(({ node }) => node)))
  }

  private addEach(headers: readonly BlockHeader[], source: string | undefined): Verdict {
    const { tree, index, nowSeconds } = this.options
    for (const header of headers) {
      const isNew = tree.get(header.hash) === undefined
      const added = tree.add(header, nowSeconds())
      if (!added.ok) return added
      const entry = index.entryOf(added.value)
      if (isNew && source !== undefined) this.unproven.add(entry, source)
    }
    return OK
  }

  private hasRoomFor(source: string): boolean {
    const { unproven } = this
    if (unproven.countOf(source) >= MAX_ANNOUNCED_HEADERS_PER_SOURCE) unproven.settle(source)
    return unproven.countOf(source) < MAX_ANNOUNCED_HEADERS_PER_SOURCE
  }
}
