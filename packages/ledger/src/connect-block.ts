import { firstRejection, OK, type Result, type Verdict } from '@onehop/primitives'
import type { Sats } from './amount.ts'
import type { Block } from './block.ts'
import type { Coin } from './coin.ts'
import type { CoinsCache } from './coins-cache.ts'
import type { HeaderNode } from './header-node.ts'
import type { ChainParameters } from './params.ts'
import { checkAccumulatedFees } from './rules/check-accumulated-fees.ts'
import { checkBlock, checkBlockBody } from './rules/check-block.ts'
import { checkBlockInContext } from './rules/check-block-in-context.ts'
import { checkBlockSigopsCost } from './rules/check-block-sigops-cost.ts'
import { checkCoinbaseAmount } from './rules/check-coinbase-amount.ts'
import { checkNoOverwrite, overwriteCheckOf } from './rules/check-no-overwrite.ts'
import { checkSequenceLocks } from './rules/check-sequence-locks.ts'
import { checkTransactionInputs } from './rules/check-transaction-inputs.ts'
import { consensusFlags } from './script/flags.ts'
import type { ScriptCache } from './script-cache.ts'
import type { ScriptCheck } from './script-checks.ts'
import { sigopsCost } from './sigops.ts'
import type { Transaction } from './transaction.ts'
import type { BlockUndo } from './undo.ts'

/** What a block is connected to. */
export interface ConnectContext {
  /** The block's own node; its parent is the tip whose coins `coins` shows. */
  readonly node: HeaderNode
  /** Gets the block's coins, and loses those that it spends. To be thrown away when the block is refused. */
  readonly coins: CoinsCache
  readonly parameters: ChainParameters
  /** The block is an ancestor of one whose scripts are known to be right (`assumevalid`). @default false */
  readonly assumesScripts?: boolean
  /** The block is yet to be mined, and has no proof of work. @default false */
  readonly isTemplate?: boolean
  /** Transactions whose scripts ran before. */
  readonly scriptCache?: ScriptCache
  /**
   * Told of each check that will be returned as soon as it is found, when the block may still break another rule: scripts
   * can begin to run.
   */
  readonly onCheck?: (check: ScriptCheck) => void
}

/** A block that keeps every rule if its scripts run. */
export interface Connection {
  readonly undo: BlockUndo
  /** In the order of the block; none where they are known or assumed to be right. */
  readonly checks: readonly ScriptCheck[]
}

/**
 * Checks a block by all rules but its header's and the scripts, and moves the coins on (Core: ConnectBlock). The block
 * is valid when the scripts that are returned run too: as in Core, a script that fails is found after all else.
 */
export function connectBlock(block: Block, context: ConnectContext): Result<Connection> {
  const { node, coins, parameters } = context
  const parent = node.parent
  if (parent === undefined) throw new Error('the genesis block is never connected')
  const overwriteCheck = overwriteCheckOf(node, parameters)
  const before = firstRejection(
    () => (context.isTemplate ? checkBlockBody(block) : checkBlock(block, parameters)),
    () => checkBlockInContext(block, parent, parameters),
    () => (overwriteCheck === 'always' ? checkNoOverwrite(block, coins, parameters) : OK),
  )
  if (!before.ok) return before
  const connected = spendCoins(block, context, parent)
  if (connected.ok || overwriteCheck !== 'after another refusal') return connected
  const overwrites = checkNoOverwrite(block, coins.below, parameters)
  return overwrites.ok ? connected : overwrites
}

function spendCoins(block: Block, context: ConnectContext, parent: HeaderNode): Result<Connection> {
  const spending = new BlockSpending(context, parent)
  for (const transaction of block.transactions) {
    const verdict = spending.add(transaction)
    if (!verdict.ok) return verdict
  }
  const amount = checkCoinbaseAmount(block, context.node.height, spending.fees, context.parameters)
  const { spent, checks } = spending
  return amount.ok ? { ok: true, value: { undo: { spent }, checks } } : amount
}

/** Takes a block off again: its coins vanish, those that it spent come back. */
export function disconnectBlock(block: Block, undo: BlockUndo, coins: CoinsCache): void {
  if (undo.spent.length !== block.transactions.length - 1)
    throw new Error('the undo data do not fit the block')
  for (let i = block.transactions.length - 1; i >= 0; i--) {
    const transaction = block.transactions[i]!
    for (const index of transaction.outputs.keys()) coins.spend({ txid: transaction.txid, index })
    if (i > 0) restoreInputs(transaction, undo.spent[i - 1]!, coins)
  }
}

function restoreInputs({ inputs }: Transaction, spent: readonly Coin[], coins: CoinsCache): void {
  if (spent.length !== inputs.length) throw new Error('the undo data do not fit the block')
  inputs.forEach((input, i) => {
    coins.add(input.previousOutput, spent[i]!, true)
  })
}

/** Goes through a block's transactions, and adds up what they spend. */
class BlockSpending {
  readonly spent: (readonly Coin[])[] = []
  readonly checks: ScriptCheck[] = []
  fees: Sats = 0n
  private sigops = 0
  private readonly context: ConnectContext
  private readonly parent: HeaderNode
  private readonly flags: number

  constructor(context: ConnectContext, parent: HeaderNode) {
    this.context = context
    this.parent = parent
    this.flags = consensusFlags(context.node, context.parameters)
  }

  add(transaction: Transaction): Verdict {
    const { node, coins } = this.context
    const spent = transaction.isCoinbase
      ? NOTHING_SPENT
      : checkTransactionInputs(transaction, coins, node.height)
    if (!spent.ok) return spent
    const verdict = firstRejection(
      () => this.addFee(spent.value.fee),
      () => this.checkLocks(transaction, spent.value.coins),
      () => this.addSigops(transaction, spent.value.coins),
    )
    if (!verdict.ok) return verdict
    if (!transaction.isCoinbase) {
      this.spent.push(spent.value.coins)
      this.addCheck(transaction, spent.value.coins)
      for (const { previousOutput } of transaction.inputs) coins.spend(previousOutput)
    }
    coins.addOutputs(transaction, node.height)
    return OK
  }

  private addFee(fee: Sats): Verdict {
    this.fees += fee
    return checkAccumulatedFees(this.fees)
  }

  private checkLocks(transaction: Transaction, spent: readonly Coin[]): Verdict {
    return transaction.isCoinbase
      ? OK
      : checkSequenceLocks(transaction, spent, this.parent, this.context.parameters)
  }

  private addSigops(transaction: Transaction, spent: readonly Coin[]): Verdict {
    const outputs = spent.map(coin => coin.output)
    this.sigops += sigopsCost(transaction, outputs, this.flags)
    return checkBlockSigopsCost(this.sigops)
  }

  private addCheck(transaction: Transaction, spent: readonly Coin[]): void {
    const { assumesScripts = false, scriptCache, onCheck } = this.context
    if (assumesScripts || scriptCache?.has(transaction.wtxid, this.flags)) return
    const check = { transaction, spent, flags: this.flags }
    this.checks.push(check)
    onCheck?.(check)
  }
}

const NOTHING_SPENT = { ok: true, value: { coins: [] as readonly Coin[], fee: 0n } } as const
