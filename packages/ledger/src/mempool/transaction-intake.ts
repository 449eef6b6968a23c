import { bytesKey, concatBytes, type Rejection, type Result, refused } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { TxId, Wtxid } from '../ids.ts'
import type { Transaction } from '../transaction.ts'
import type { Mempool, OfferOptions } from './mempool.ts'
import { Orphanage } from './orphanage.ts'
import {
  type Accepted,
  isMissingInputs,
  isReconsiderable,
  memberKey,
  type PackageOutcome,
} from './outcome.ts'
import type { MempoolContext } from './policy-context.ts'
import { RecentRejections } from './recent-rejections.ts'

/**
 * What stands between peers and the mempool (Core: TxDownloadManager): keeps orphans until their parents come, tries a
 * parent that pays too little together with its child, and refuses at once what was refused before.
 */
export class TransactionIntake {
  readonly orphanage = new Orphanage()
  private readonly mempool: Mempool
  /** By wtxid, and by txid where no other witness would help. */
  private readonly rejections = new RecentRejections()
  /** Refused for their fee alone; and packages that were refused. */
  private readonly reconsiderable = new RecentRejections()
  /** Orphans of which a parent came, not tried again yet. */
  private readonly waiting = new Map<string, Transaction>()

  constructor(mempool: Mempool) {
    this.mempool = mempool
  }

  /** Whether there is anything to {@link retryNext}. */
  get hasWork(): boolean {
    return this.waiting.size > 0
  }

  /** Whether it is here, waits for its parents, or was refused since the tip last changed. */
  hasSeen(wtxid: Wtxid): boolean {
    return (
      this.mempool.getByWtxid(wtxid) !== undefined ||
      this.orphanage.has(wtxid) ||
      this.rejections.get(wtxid) !== undefined ||
      this.reconsiderable.get(wtxid) !== undefined
    )
  }

  /** Ids of an orphan's parents that are worth asking its sender for, none where it is no orphan. */
  missingParents(wtxid: Wtxid, { coins }: MempoolContext): TxId[] {
    const inputs = this.orphanage.get(wtxid)?.transaction.inputs ?? []
    const missing = new Map<string, TxId>()
    for (const { previousOutput } of inputs) {
      const { txid } = previousOutput
      const isHere = this.mempool.has(txid) || coins.get(previousOutput) !== undefined
      if (!isHere && this.rejections.get(txid) === undefined) missing.set(bytesKey(txid), txid)
    }
    return [...missing.values()]
  }

  /**
   * Takes in what a peer sent.
   * @returns the verdict on the transaction by itself or, where it came in so, with a child that pays for it.
   */
  accept(transaction: Transaction, peer: string, context: MempoolContext): Result<Accepted> {
    const known = this.rejections.get(transaction.wtxid)
    if (known !== undefined) return known
    const tooCheap = this.reconsiderable.get(transaction.wtxid)
    const result = tooCheap ?? this.mempool.accept(transaction, context)
    if (result.ok) return this.onAccepted(result)
    if (isMissingInputs(result)) return this.onOrphan(transaction, peer, result, context)
    if (tooCheap === undefined) this.onRefused(transaction, result)
    return isReconsiderable(result) ? this.tryWithChild(transaction, peer, result, context) : result
  }

  /** Takes in a transaction with its parents. @param peer who sent them; undefined for a user, who may insist. */
  acceptPackage(
    transactions: readonly Transaction[],
    peer: string | undefined,
    context: MempoolContext,
    offer?: OfferOptions,
  ): PackageOutcome {
    const id = packageId(transactions)
    const known = this.reconsiderable.get(id)
    if (known !== undefined && peer !== undefined) return { verdict: known, members: new Map() }
    const outcome = this.mempool.acceptPackage(transactions, context, offer)
    for (const transaction of transactions) {
      const member = outcome.members.get(memberKey(transaction))
      if (member?.kind === 'accepted') this.onArrived(transaction)
      else if (member?.kind === 'refused' && !isMissingInputs(member.rejection) && peer !== undefined)
        this.onRefused(transaction, member.rejection)
    }
    if (!outcome.verdict.ok && peer !== undefined) this.reconsiderable.add(id, PACKAGE_REFUSED)
    return outcome
  }

  /** A transaction came into the mempool by another way, or is in a block. */
  onArrived(transaction: Transaction): void {
    this.orphanage.remove(transaction.wtxid)
    for (const child of this.orphanage.childrenOf(transaction)) this.waiting.set(memberKey(child), child)
  }

  onBlockConnected(block: Block): void {
    if (this.orphanage.size === 0) return
    this.orphanage.onBlockConnected(block)
    for (const transaction of block.transactions) this.onArrived(transaction)
  }

  /** The tip is another one: refusals may not hold any more. */
  onTip(): void {
    this.rejections.clear()
    this.reconsiderable.clear()
  }

  onPeerLeft(peer: string): void {
    this.orphanage.removePeer(peer)
  }

  /** Tries one orphan again of which a parent came. */
  retryNext(context: MempoolContext): void {
    const [next] = this.waiting
    if (next === undefined) return
    const [key, transaction] = next
    this.waiting.delete(key)
    const peers = this.orphanage.get(transaction.wtxid)?.peers
    const [peer] = peers ?? []
    if (peer !== undefined) this.accept(transaction, peer, context)
  }

  private onAccepted(result: Result<Accepted> & { ok: true }): Result<Accepted> {
    this.onArrived(result.value.transaction)
    return result
  }

  /** An orphan of a parent that was refused will never come in. */
  private onOrphan(
    transaction: Transaction,
    peer: string,
    rejection: Rejection,
    context: MempoolContext,
  ): Rejection {
    const { txid, wtxid } = transaction
    if (this.hasRefusedParent(transaction)) {
      this.rejections.add(txid, rejection)
      this.rejections.add(wtxid, rejection)
      this.orphanage.remove(wtxid)
    } else this.orphanage.add(transaction, peer, context.now)
    return rejection
  }

  /** One parent that pays too little is no obstacle: the orphan may pay for it. */
  private hasRefusedParent({ inputs }: Transaction): boolean {
    const tooCheap = new Set<string>()
    for (const { previousOutput } of inputs) {
      const { txid } = previousOutput
      if (this.rejections.get(txid) !== undefined) return true
      if (this.reconsiderable.get(txid) !== undefined && !this.mempool.has(txid)) tooCheap.add(bytesKey(txid))
    }
    return tooCheap.size > 1
  }

  private onRefused(transaction: Transaction, rejection: Rejection): void {
    const { txid, wtxid } = transaction
    this.orphanage.remove(wtxid)
    if (isReconsiderable(rejection)) this.reconsiderable.add(wtxid, rejection)
    else if (!mayLackItsWitness(transaction, rejection)) this.rejections.add(wtxid, rejection)
    if (rejection.code === 'bad-txns-nonstandard-inputs') this.rejections.add(txid, rejection)
  }

  /** A child from the same peer may pay for it. */
  private tryWithChild(
    parent: Transaction,
    peer: string,
    rejection: Rejection,
    context: MempoolContext,
  ): Result<Accepted> {
    for (const child of this.orphanage.childrenFrom(parent, peer)) {
      const pair = [parent, child]
      const isHopeless =
        this.reconsiderable.get(packageId(pair)) !== undefined ||
        this.rejections.get(child.txid) !== undefined
      if (isHopeless) continue
      const member = this.acceptPackage(pair, peer, context).members.get(memberKey(parent))
      if (member?.kind === 'accepted') return { ok: true, value: member.accepted }
      return member?.kind === 'refused' ? member.rejection : refused(rejection.code, rejection.detail)
    }
    return rejection
  }
}

/** Without what its code may say of single transactions. */
const PACKAGE_REFUSED = refused('transaction failed')

/** Names a package of these transactions. */
function packageId(transactions: readonly Transaction[]): Uint8Array {
  return concatBytes(...transactions.map(({ wtxid }) => wtxid))
}

/** Somebody may have taken the witness away, which its id does not tell of: the right one is still welcome. */
function mayLackItsWitness({ hasWitness }: Transaction, { code }: Rejection): boolean {
  return !hasWitness && code.startsWith('mempool-script-verify-flag-failed')
}
