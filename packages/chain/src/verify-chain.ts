import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Block,
  type BlockUndo,
  blockHashToHex,
  type ChainParameters,
  type Coin,
  CoinsCache,
  type CoinsView,
  checkBlock,
  connectBlock,
  type HeaderNode,
  isUnspendable,
} from '@onehop/ledger'
import { assertDefined, equalBytes } from '@onehop/primitives'
import type { BlockIndex } from './block-index.ts'
import type { ChainState } from './chain-state.ts'
import { StoreCorruptError } from './errors.ts'
import { MAX_VERIFICATION_COINS } from './limits.ts'
import type { ScriptChecker } from './script-checks/script-checker.ts'

/**
 * How thoroughly stored blocks are verified, each level with what those before it do (Core's `checklevel`): 0 reads
 * them, 1 checks each by itself, 2 reads what they spent, 3 takes them off the coins in memory, 4 connects them again.
 */
export type CheckLevel = 0 | 1 | 2 | 3 | 4

/** Whether all that was to be verified is in order; if not, one sentence for the log. */
export type ChainVerification = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** What is verified, and by what. The chain must not change meanwhile. */
export interface VerificationSubject {
  readonly state: ChainState
  readonly index: BlockIndex
  readonly coins: CoinsView
  readonly parameters: ChainParameters
  readonly scripts: ScriptChecker
}

/** Ends the verification. */
class VerificationError extends Error {
  override name = 'VerificationError'
}

/**
 * Verifies the highest blocks of the active chain, from the tip down (Core's `VerifyDB`).
 * @param depth how many blocks; 0 for all.
 */
export async function verifyChain(
  subject: VerificationSubject,
  level: CheckLevel,
  depth: number,
): Promise<ChainVerification> {
  try {
    await new Verification(subject, level).run(depth)
    return { ok: true }
  } catch (error) {
    if (error instanceof VerificationError) return { ok: false, why: error.message }
    throw error
  }
}

class Verification {
  private readonly subject: VerificationSubject
  private readonly level: CheckLevel
  private readonly coins: CoinsCache
  private goodTransactions = 0

  constructor(subject: VerificationSubject, level: CheckLevel) {
    this.subject = subject
    this.level = level
    this.coins = new CoinsCache(subject.coins)
  }

  async run(depth: number): Promise<void> {
    const { tip } = this.subject.state
    const blocks = depth <= 0 ? tip.height : Math.min(depth, tip.height)
    const verified: HeaderNode[] = []
    for (let node = tip; node.parent && verified.length < blocks; node = node.parent) {
      await this.goDown(node)
      verified.push(node)
      await nextTurn()
    }
    if (this.level < 4) return
    for (const node of verified.reverse()) {
      await this.goUp(node)
      await nextTurn()
    }
  }

  private async goDown(node: HeaderNode): Promise<void> {
    const { parameters } = this.subject
    const block = await this.readBlock(node)
    if (this.level >= 1) {
      const verdict = checkBlock(block, parameters)
      if (!verdict.ok) throw failure('found bad block', node, verdict.code)
    }
    if (this.level < 2) return
    const undo = await this.readUndo(node)
    if (this.level >= 3) this.disconnect(block, undo, node)
    this.goodTransactions += block.transactions.length
  }

  private async goUp(node: HeaderNode): Promise<void> {
    const { parameters, scripts } = this.subject
    const block = await this.readBlock(node)
    const connected = connectBlock(block, { node, coins: this.coins, parameters })
    const verdict = connected.ok ? await scripts.run(connected.value.checks) : connected
    if (!verdict.ok) throw failure('found unconnectable block', node, verdict.code)
  }

  private disconnect(block: Block, undo: BlockUndo, node: HeaderNode): void {
    if (!fits(undo, block)) throw failure('irrecoverable inconsistency in block data', node)
    if (!takeOff(block, undo, node.height, this.coins)) {
      const depth = this.subject.state.tip.height - node.height + 1
      throw new VerificationError(
        `Verification error: coin database inconsistencies found ` +
          `(last ${depth} blocks, ${this.goodTransactions} good transactions before that)`,
      )
    }
    if (this.coins.size > MAX_VERIFICATION_COINS)
      throw new VerificationError('Block verification stopping: too many coins to take blocks off in memory')
  }

  private async readBlock(node: HeaderNode): Promise<Block> {
    const { state, index } = this.subject
    const block = await readable(() => state.readBlock(index.entryOf(node)))
    if (block === 'damaged') throw failure('ReadBlock failed', node)
    if (block !== undefined) return block
    throw new VerificationError(
      `Block verification stopping at height ${node.height} (no data). This could be due to pruning.`,
    )
  }

  private async readUndo(node: HeaderNode): Promise<BlockUndo> {
    const { state, index } = this.subject
    const undo = await readable(() => state.readUndo(index.entryOf(node)))
    if (undo === undefined || undo === 'damaged') throw failure('found bad undo data', node)
    return undo
  }
}

function failure(what: string, { height, hash }: HeaderNode, code?: string): VerificationError {
  const reason = code === undefined ? '' : ` (${code})`
  return new VerificationError(
    `Verification error: ${what} at ${height}, hash=${blockHashToHex(hash)}${reason}`,
  )
}

async function readable<T>(read: () => Promise<T>): Promise<T | 'damaged'> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StoreCorruptError) return 'damaged'
    throw error
  }
}

/** Whether the undo data name as many coins as the block spends. */
function fits({ spent }: BlockUndo, { transactions }: Block): boolean {
  if (spent.length !== transactions.length - 1) return false
  return spent.every((coins, i) => coins.length === transactions[i + 1]?.inputs.length)
}

/**
 * Takes a block off the coins, as `disconnectBlock` does, and looks at each coin meanwhile.
 * @returns whether the coins are those that the block left: what it made is there as it was made, what it spent is gone.
 */
function takeOff({ transactions }: Block, { spent }: BlockUndo, height: number, coins: CoinsCache): boolean {
  for (const [i, transaction] of [...transactions.entries()].reverse()) {
    const { txid, isCoinbase: coinbase } = transaction
    for (const [index, output] of transaction.outputs.entries()) {
      if (isUnspendable(output.scriptPubKey)) continue
      const coin = coins.spend({ txid, index })
      if (!coin || !isSameCoin(coin, { output, height, coinbase })) return false
    }
    for (const [n, coin] of (spent[i - 1] ?? []).entries()) {
      const { previousOutput } = assertDefined(transaction.inputs[n], 'the undo data fit the block')
      if (coins.get(previousOutput) !== undefined) return false
      coins.add(previousOutput, coin, true)
    }
  }
  return true
}

function isSameCoin(a: Coin, b: Coin): boolean {
  return (
    a.height === b.height &&
    a.coinbase === b.coinbase &&
    a.output.value === b.output.value &&
    equalBytes(a.output.scriptPubKey, b.output.scriptPubKey)
  )
}
