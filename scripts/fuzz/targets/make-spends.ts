import {
  type Block,
  OP,
  pushBytes,
  scriptOf,
  Transaction,
  type TransactionFields,
  type TxInput,
  type TxOutput,
  witnessCommitment,
  witnessCommitmentScript,
} from '@onehop/ledger'
import { randomBelow, randomElement, type SeededRandom } from '@onehop/primitives'
import { makeBlock, withTransactions } from '../../regtest/blocks.ts'
import { type OwnCoin, signedSpend } from '../../regtest/spends.ts'
import { type Corpus, FEE, FUZZ_KEY, IMMATURE_COINS, SCRIPTS, STANDARD_SCRIPTS } from './corpus.ts'

const MAX_MONEY = 2_100_000_000_000_000n
const LOCK_TIMES = [0, 1, 106, 107, 108, 499_999_999, 500_000_000, 1_296_688_700, 0xffff_ffff]
const SEQUENCES = [0xffff_ffff, 0xffff_fffe, 0xffff_fffd, 0, 1, 2, 3, 100, 0x40_0000, 0x40_0001, 0x8000_0000]
const VERSIONS = [2, 2, 2, 1, 3, 0, 0xffff_ffff]

function randomValue(random: SeededRandom, fair: bigint): bigint {
  const odd = [0n, 1n, 293n, 546n, fair + 1n, fair * 2n, MAX_MONEY, MAX_MONEY + 1n, -1n, 2n ** 63n - 1n]
  return random.next() < 0.9 ? fair : (randomElement(random.next, odd) ?? fair)
}

function randomScript(random: SeededRandom): Uint8Array {
  const choice = random.next()
  if (choice < 0.9) return randomElement(random.next, SCRIPTS.slice(0, STANDARD_SCRIPTS))!
  return choice < 0.95 ? randomElement(random.next, SCRIPTS)! : random.bytes(randomBelow(random.next, 40))
}

function randomOutputs(random: SeededRandom, total: bigint): TxOutput[] {
  const count = 1 + randomBelow(random.next, 4)
  const fair = (total - FEE) / BigInt(count)
  return Array.from({ length: count }, () => ({
    value: randomValue(random, fair),
    scriptPubKey: randomScript(random),
  }))
}

function mostly<T>(random: SeededRandom, usual: T, odd: readonly T[]): T {
  return random.next() < 0.8 ? usual : (randomElement(random.next, odd) ?? usual)
}

/** Mostly one that can be spent: those at the end cannot, yet. */
function randomCoin(random: SeededRandom, coins: readonly OwnCoin[]): OwnCoin {
  const usable = random.next() < 0.95 ? coins.slice(0, Math.max(1, coins.length - IMMATURE_COINS)) : coins
  return randomElement(random.next, usable)!
}

/** A signed spend whose parts are mostly, but not always, what they should be. */
function randomSpend(random: SeededRandom, coins: readonly OwnCoin[]): Transaction {
  const picked = Array.from({ length: 1 + randomBelow(random.next, 3) }, () => randomCoin(random, coins))
  const inputs = random.next() < 0.95 ? [...new Set(picked)] : picked
  const total = inputs.reduce((sum, { output }) => sum + output.value, 0n)
  const { transaction } = signedSpend(inputs, randomOutputs(random, total), {
    version: mostly(random, 2, VERSIONS),
    lockTime: mostly(random, 0, LOCK_TIMES),
    sequence: mostly(random, 0xffff_ffff, SEQUENCES),
  })
  return random.next() < 0.75 ? transaction : spoiled(random, transaction)
}

function altered(transaction: Transaction, fields: Partial<TransactionFields>): Transaction {
  const { version, inputs, outputs, lockTime } = transaction
  return new Transaction({ version, inputs, outputs, lockTime, ...fields })
}

/** Something changes that a signature, or a rule, should notice. */
function spoiled(random: SeededRandom, transaction: Transaction): Transaction {
  const { inputs, outputs } = transaction
  const at = randomBelow(random.next, inputs.length)
  const withInput = (change: (input: TxInput) => Partial<TxInput>) =>
    altered(transaction, {
      inputs: inputs.map((input, i) => (i === at ? { ...input, ...change(input) } : input)),
    })
  const flip = (bytes: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(bytes)
    if (copy.length > 0) copy[randomBelow(random.next, copy.length)]! ^= 1 << randomBelow(random.next, 8)
    return copy
  }
  const changes: (() => Transaction)[] = [
    () => withInput(({ scriptSig }) => ({ scriptSig: flip(scriptSig) })),
    () => withInput(({ witness }) => ({ witness: witness.map(flip) })),
    () => withInput(() => ({ witness: [] })),
    () => withInput(() => ({ scriptSig: new Uint8Array(0) })),
    () => withInput(({ witness }) => ({ witness: [...witness, random.bytes(3)] })),
    () => withInput(({ witness }) => ({ witness: [...witness, Uint8Array.of(0x50, 1)] })),
    () => withInput(({ scriptSig }) => ({ scriptSig: scriptOf(OP[1], scriptSig) })),
    () => withInput(({ scriptSig }) => ({ scriptSig: scriptOf(scriptSig, pushBytes(random.bytes(2))) })),
    () =>
      withInput(({ previousOutput: { txid, index } }) => ({ previousOutput: { txid, index: index + 1 } })),
    () => withInput(({ sequence }) => ({ sequence: (sequence ^ 1) >>> 0 })),
    () => altered(transaction, { inputs: [...inputs, inputs[at]!] }),
    () => altered(transaction, { inputs: inputs.toReversed() }),
    () => altered(transaction, { outputs: outputs.toReversed() }),
    () => altered(transaction, { outputs: [] }),
    () => altered(transaction, { inputs: [] }),
    () => altered(transaction, { outputs: outputs.map(output => ({ ...output, value: output.value + 1n })) }),
    () => altered(transaction, { lockTime: transaction.lockTime + 1 }),
    () => altered(transaction, { version: transaction.version + 1 }),
  ]
  return randomElement(random.next, changes)!()
}

function childOf(random: SeededRandom, parent: Transaction): Transaction {
  const index = randomBelow(random.next, parent.outputs.length)
  const output = parent.outputs[index]!
  const kinds = ['p2pkh', 'p2wpkh', 'p2tr'] as const
  const place = SCRIPTS.indexOf(output.scriptPubKey)
  const kind = kinds[place] ?? 'p2wpkh'
  return randomSpend(random, [{ outPoint: { txid: parent.txid, index }, output, key: FUZZ_KEY, kind }])
}

/** Transactions that depend on each other, conflict, and break rules now and then. */
export function randomSpends(random: SeededRandom, { coins, spends }: Corpus): Transaction[] {
  const made: Transaction[] = []
  for (let count = 1 + randomBelow(random.next, 4); count > 0; count--) {
    const last = made.at(-1)
    const choice = random.next()
    if (last !== undefined && last.outputs.length > 0 && choice < 0.3) made.push(childOf(random, last))
    else if (choice < 0.35) made.push(randomElement(random.next, spends)!)
    else made.push(randomSpend(random, coins))
  }
  return random.next() < 0.9 ? made : made.reverse()
}

function feesOf(transactions: readonly Transaction[]): bigint {
  return FEE * BigInt(transactions.length)
}

/** The coinbase with a commitment to these witnesses. */
function recommitted(coinbase: Transaction, others: readonly Transaction[]): Transaction {
  const nonce = coinbase.inputs[0]!.witness[0] ?? new Uint8Array(32)
  const scriptPubKey = witnessCommitmentScript(witnessCommitment([coinbase, ...others], nonce))
  return altered(coinbase, { outputs: [...coinbase.outputs.slice(0, 1), { value: 0n, scriptPubKey }] })
}

/** A block on the corpus' tip of such transactions, whose commitments and work are mostly right. */
export function randomBlock(random: SeededRandom, corpus: Corpus): Block {
  const transactions = randomSpends(random, corpus)
  const fees = random.next() < 0.3 ? feesOf(transactions) : 0n
  const script = randomElement(random.next, SCRIPTS)!
  const block = makeBlock(corpus.tip, {
    transactions,
    script,
    fees,
    extraNonce: randomBelow(random.next, 65_536),
  })
  if (random.next() < 0.7) return block
  const [coinbase, ...others] = block.transactions
  const changes: (() => Block)[] = [
    () => withTransactions(block, [...block.transactions, block.transactions.at(-1)!]),
    () => withTransactions(block, others),
    () => withTransactions(block, [coinbase!, coinbase!, ...others]),
    () => withTransactions(block, [spoiled(random, coinbase!), ...others]),
    () => {
      const changed = spoiled(random, coinbase!)
      return withTransactions(block, [
        changed.inputs.length > 0 ? recommitted(changed, others) : changed,
        ...others,
      ])
    },
    () => withTransactions(block, [...others, coinbase!]),
  ]
  return randomElement(random.next, changes)!()
}
