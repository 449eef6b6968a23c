import { bytesKey, OK, type Result, refused, type Verdict } from '@onehop/primitives'
import type { BlockHeader } from './block.ts'
import type { HeaderNode } from './header-node.ts'
import { HeaderTree } from './header-tree.ts'
import type { BlockHash, TxId } from './ids.ts'
import type { ChainParameters } from './params.ts'
import { checkPaymentProof, type PaymentProof } from './payment-proof.ts'
import type { Transaction } from './transaction.ts'

/** A payment that lies in the best chain. */
export interface ConfirmedPayment {
  readonly transaction: Transaction
  readonly block: HeaderNode
  /** Its own block included, so at least 1. */
  readonly confirmations: number
}

/**
 * Knows headers alone, 80 bytes a block, and says how deep payments lie that somebody proved. It trusts proof of work:
 * that miners built the best chain on valid blocks (the Bitcoin paper's section 8). A payment that a reorganisation takes
 * out has no confirmations until its proof for the new chain comes, or the old chain wins again.
 */
export class LightClient {
  readonly headers: HeaderTree
  private readonly proven = new Map<
    string,
    { readonly transaction: Transaction; readonly blocks: Set<HeaderNode> }
  >()

  constructor(parameters: ChainParameters) {
    this.headers = new HeaderTree(parameters)
  }

  /** The tip of the best chain. */
  get best(): HeaderNode {
    return this.headers.best
  }

  /** What to ask a full node for headers with: hashes from the tip back, ever farther apart. */
  locator(): BlockHash[] {
    return this.headers.locator()
  }

  /**
   * Takes in headers, each the child of a known one or of one before it, up to the first that is refused.
   * @param nowSeconds Unix time.
   * @returns why the first refused one was (`HeaderTree.add`).
   */
  addHeaders(headers: Iterable<BlockHeader>, nowSeconds: number): Verdict {
    for (const header of headers) {
      const added = this.headers.add(header, nowSeconds)
      if (!added.ok) return added
    }
    return OK
  }

  /**
   * Remembers a payment with the block that it is in, on whichever chain. One payment may be proven for several blocks.
   * Refused: `bad-txoutproof` (blame: sender); `header-not-found` (blame: nobody).
   */
  addPayment(proof: PaymentProof): Result<HeaderNode> {
    const verdict = checkPaymentProof(proof)
    if (!verdict.ok) return verdict
    const block = this.headers.get(proof.proof.header.hash)
    if (block === undefined) return refused('header-not-found')
    const { payment } = proof
    const key = bytesKey(payment.txid)
    const known = this.proven.get(key)
    if (known === undefined) this.proven.set(key, { transaction: payment, blocks: new Set([block]) })
    else known.blocks.add(block)
    return { ok: true, value: block }
  }

  /** The payment as the best chain has it now; undefined when no proof puts it there. */
  payment(txid: TxId): ConfirmedPayment | undefined {
    const proven = this.proven.get(bytesKey(txid))
    if (proven === undefined) return undefined
    const { transaction, blocks } = proven
    for (const block of blocks) {
      if (this.isInBestChain(block)) {
        return { transaction, block, confirmations: this.best.height - block.height + 1 }
      }
    }
    return undefined
  }

  /** How many blocks of the best chain confirm the payment, 0 for one that is not proven to be there. */
  confirmations(txid: TxId): number {
    return this.payment(txid)?.confirmations ?? 0
  }

  /** Forgets what was proven of the payment. */
  forget(txid: TxId): void {
    this.proven.delete(bytesKey(txid))
  }

  private isInBestChain(block: HeaderNode): boolean {
    const { best } = this
    return block.height <= best.height && this.headers.ancestor(best, block.height) === block
  }
}
