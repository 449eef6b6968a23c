import assert from 'node:assert/strict'
import {
  Block,
  BlockHeader,
  NULL_OUTPOINT,
  p2wpkhScript,
  REGTEST,
  SEQUENCE_FINAL,
  STANDARD_FLAGS,
  Transaction,
  TransactionSignatureChecker,
  type TxOutput,
  verifyScript,
} from '@onehop/ledger'
import { assertDefined, equalBytes, nobleVerifier } from '@onehop/primitives'
import { GAP_LIMIT, WalletKeys, WalletState } from '../src/index.ts'

const BTC = 100_000_000n
const keys = WalletKeys.fromSeed(new Uint8Array(32).fill(1), REGTEST)
const FOREIGN_SCRIPT = p2wpkhScript(new Uint8Array(20).fill(9))

let serial = 0

/** A transaction that spends nothing that the wallet knows. */
function foreignPayment(...outputs: TxOutput[]): Transaction {
  const previousOutput = {
    txid: REGTEST.genesis.transactions[0]?.txid ?? NULL_OUTPOINT.txid,
    index: serial++,
  }
  const input = { previousOutput, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] }
  return new Transaction({ version: 2, inputs: [input], outputs, lockTime: 0 })
}

function spending(transaction: Transaction, index: number, ...outputs: TxOutput[]): Transaction {
  const previousOutput = { txid: transaction.txid, index }
  const input = { previousOutput, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] }
  return new Transaction({ version: 2, inputs: [input], outputs, lockTime: 0 })
}

function coinbase(...outputs: TxOutput[]): Transaction {
  const scriptSig = Uint8Array.of(1, serial++)
  const input = { previousOutput: NULL_OUTPOINT, scriptSig, sequence: SEQUENCE_FINAL, witness: [] }
  return new Transaction({ version: 2, inputs: [input], outputs, lockTime: 0 })
}

const toUs = (value: bigint, index = 0, change = false): TxOutput => ({
  value,
  scriptPubKey: keys.key(index, change).script(),
})
const toOthers = (value: bigint): TxOutput => ({ value, scriptPubKey: FOREIGN_SCRIPT })

function blockOf(transactions: readonly Transaction[], reward: Transaction = coinbase(toOthers(0n))): Block {
  const { header } = REGTEST.genesis
  const { version, previousBlock, merkleRoot, bits, nonce } = header
  const time = header.time + serial++
  return new Block(new BlockHeader({ version, previousBlock, merkleRoot, time, bits, nonce }), [
    reward,
    ...transactions,
  ])
}

/** A wallet and the chain that it is told of. */
class Scene {
  readonly wallet = new WalletState({ keys })
  private readonly blocks: Block[] = []

  connect(transactions: readonly Transaction[] = [], reward?: Transaction): void {
    const block = blockOf(transactions, reward)
    this.blocks.push(block)
    this.wallet.connectBlock(block, this.blocks.length)
  }

  connectEmpty(count: number): void {
    for (let i = 0; i < count; i++) this.connect()
  }

  disconnect(): void {
    const height = this.blocks.length
    this.wallet.disconnectBlock(assertDefined(this.blocks.pop(), 'there is a block'), height)
  }

  pay(value: bigint, feeRate?: number) {
    const to = [{ script: FOREIGN_SCRIPT, value }]
    return this.wallet.createPayment(feeRate === undefined ? { to } : { to, feeRate })
  }

  /** Pays and lets the wallet know of it. */
  send(value: bigint) {
    const payment = this.pay(value)
    assert(payment.ok)
    this.wallet.addMempoolTransaction(payment.value.transaction, 1_000)
    return payment.value
  }

  balance(): [confirmed: bigint, unconfirmed: bigint, immature: bigint] {
    const { confirmed, unconfirmed, immature } = this.wallet.balance()
    return [confirmed, unconfirmed, immature]
  }
}

function assertSigned(transaction: Transaction, funding: Transaction): void {
  for (const [i, input] of transaction.inputs.entries()) {
    const spent = assertDefined(funding.outputs[input.previousOutput.index], 'every input spends an output')
    const checker = new TransactionSignatureChecker(transaction, i, spent.value, nobleVerifier)
    const { scriptPubKey } = spent
    const error = verifyScript({ ...input, scriptPubKey, flags: STANDARD_FLAGS, checker })
    assert.equal(error, undefined)
  }
}

describe('a wallet that follows the chain', () => {
  it('counts what is paid to it, unconfirmed and confirmed', () => {
    const scene = new Scene()
    const payment = foreignPayment(toUs(3n * BTC), toOthers(BTC))
    scene.wallet.addMempoolTransaction(payment, 77)
    assert.deepEqual(scene.balance(), [0n, 3n * BTC, 0n])
    scene.connect([payment])
    assert.deepEqual(scene.balance(), [3n * BTC, 0n, 0n])
    const [entry] = scene.wallet.history()
    assert(entry && equalBytes(entry.txid, payment.txid))
    assert.deepEqual(
      [entry.height, entry.confirmations, entry.amountSats, entry.feeSats, entry.timeSeconds],
      [1, 1, 3n * BTC, undefined, 77],
    )
  })

  it('ignores what is not its own', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toOthers(BTC))])
    assert.deepEqual(scene.wallet.history(), [])
  })

  it('lets a block reward mature for 100 blocks more', () => {
    const scene = new Scene()
    scene.connect([], coinbase(toUs(50n * BTC)))
    scene.connectEmpty(99)
    assert.deepEqual(scene.balance(), [0n, 0n, 50n * BTC])
    const early = scene.pay(BTC)
    assert.deepEqual(early.ok || [early.code, early.detail], ['insufficient-funds', 'Insufficient funds'])
    scene.connectEmpty(1)
    assert.deepEqual(scene.balance(), [50n * BTC, 0n, 0n])
    assert(scene.pay(BTC).ok)
    scene.disconnect()
    assert.deepEqual(scene.balance(), [0n, 0n, 50n * BTC])
  })

  it('forgets a reward, and what spent it, when its block is disconnected', () => {
    const scene = new Scene()
    scene.connect([], coinbase(toUs(50n * BTC)))
    scene.connectEmpty(100)
    scene.send(BTC)
    for (let i = 0; i < 101; i++) scene.disconnect()
    assert.deepEqual(scene.balance(), [0n, 0n, 0n])
    assert.deepEqual(scene.wallet.history(), [])
    assert.equal(scene.wallet.height, 0)
  })

  it('has a payment unconfirmed again when its block is disconnected, and confirmed in another', () => {
    const scene = new Scene()
    const payment = foreignPayment(toUs(BTC))
    scene.connect([payment])
    scene.disconnect()
    assert.deepEqual(scene.balance(), [0n, BTC, 0n])
    scene.connect()
    scene.connect([payment])
    assert.equal(scene.wallet.transaction(payment.txid)?.height, 2)
  })

  it('gives way to the double spend that a block has', () => {
    const scene = new Scene()
    const funding = foreignPayment(toUs(BTC))
    scene.connect([funding])
    const sent = scene.send(BTC / 2n)
    scene.send(BTC / 4n)
    assert.equal(scene.wallet.history().length, 3)
    const rival = spending(funding, 0, toUs(BTC - 500n, 5))
    scene.connect([rival])
    assert.deepEqual(scene.balance(), [BTC - 500n, 0n, 0n])
    assert.equal(scene.wallet.transaction(sent.transaction.txid), undefined)
    assert.equal(scene.wallet.history().length, 2)
    scene.wallet.addMempoolTransaction(sent.transaction, 5)
    assert.equal(scene.wallet.transaction(sent.transaction.txid), undefined)
  })

  it('has its coins back when a transaction leaves the mempool, unless a block has it', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toUs(BTC))])
    const { transaction } = scene.send(BTC / 2n)
    scene.wallet.removeMempoolTransaction(transaction.txid)
    assert.deepEqual(scene.balance(), [BTC, 0n, 0n])
    scene.wallet.addMempoolTransaction(transaction, 1)
    scene.connect([transaction])
    scene.wallet.removeMempoolTransaction(transaction.txid)
    assert.equal(scene.wallet.transaction(transaction.txid)?.confirmations, 1)
  })

  it('sees spends of its keys that it did not make, and their fees', () => {
    const scene = new Scene()
    const funding = foreignPayment(toUs(BTC))
    scene.connect([funding, spending(funding, 0, toOthers(BTC - 700n))])
    const [, spent] = scene.wallet.history()
    assert.deepEqual([spent?.amountSats, spent?.feeSats], [-BTC, 700n])
    assert.deepEqual(scene.balance(), [0n, 0n, 0n])
  })

  it('tells its coins with address, confirmations and whether they can be spent', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toUs(BTC, 2))], coinbase(toUs(50n * BTC)))
    scene.wallet.addMempoolTransaction(foreignPayment(toUs(7n, 3)), 1)
    const unspent = scene.wallet.listUnspent()
    assert.deepEqual(
      unspent.map(({ output, confirmations, coinbase, spendable }) => [
        output.value,
        confirmations,
        coinbase,
        spendable,
      ]),
      [
        [50n * BTC, 1, true, false],
        [BTC, 1, false, true],
        [7n, 0, false, false],
      ],
    )
    assert.equal(unspent[1]?.address, keys.address(2))
  })
})

describe('a wallet’s addresses', () => {
  it('stay the same until they are paid', () => {
    const { wallet } = new Scene()
    assert.equal(wallet.address(), keys.address(0))
    assert.equal(wallet.address(), keys.address(0))
    wallet.addMempoolTransaction(foreignPayment(toUs(BTC, 0)), 1)
    assert.equal(wallet.address(), keys.address(1))
  })

  it('are handed out once each when asked for anew, also over a restart', () => {
    const { wallet } = new Scene()
    assert.deepEqual([wallet.newAddress(), wallet.newAddress()], [keys.address(0), keys.address(1)])
    assert.equal(wallet.address(), keys.address(2))
    const { handedOutAddresses } = wallet
    assert.equal(new WalletState({ keys, handedOutAddresses }).newAddress(), keys.address(2))
  })

  it('are watched as far as the gap limit beyond the last one in use', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toUs(1n, GAP_LIMIT))])
    assert.deepEqual(scene.balance(), [0n, 0n, 0n])
    scene.connect([foreignPayment(toUs(2n, GAP_LIMIT - 1))])
    scene.connect([foreignPayment(toUs(4n, 2 * GAP_LIMIT - 1))])
    assert.deepEqual(scene.balance(), [6n, 0n, 0n])
    assert.equal(scene.wallet.ownerOf(keys.key(3).script())?.key.path.index, 3)
    assert.equal(scene.wallet.ownerOf(FOREIGN_SCRIPT), undefined)
  })
})

describe('a payment', () => {
  it('is signed so that everyone relays it, and pays what it says', () => {
    const scene = new Scene()
    const funding = foreignPayment(toUs(BTC, 1), toUs(BTC, 2))
    scene.connect([funding])
    const payment = scene.pay(BTC + BTC / 2n, 5)
    assert(payment.ok)
    const { transaction, feeSats, changeSats } = payment.value
    assert.equal(transaction.inputs.length, 2)
    assertSigned(transaction, funding)
    const paid = transaction.outputs.reduce((sum, output) => sum + output.value, 0n)
    assert.equal(2n * BTC - paid, feeSats)
    assert(feeSats >= BigInt(transaction.virtualSize * 5))
    assert(feeSats <= BigInt((transaction.virtualSize + 2) * 5))
    const change = transaction.outputs.find(output =>
      equalBytes(output.scriptPubKey, keys.key(0, true).script()),
    )
    assert.equal(change?.value, changeSats)
  })

  it('spends P2PKH coins of its keys too', () => {
    const scene = new Scene()
    const legacy = { value: BTC, scriptPubKey: keys.key(4).script('p2pkh') }
    const funding = foreignPayment(legacy)
    scene.connect([funding])
    const payment = scene.pay(BTC / 2n)
    assert(payment.ok)
    const { transaction, feeSats } = payment.value
    assertSigned(transaction, funding)
    assert(feeSats >= BigInt(transaction.virtualSize * 2))
  })

  it('never spends a coin twice, and goes on with its own change before a block confirms it', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toUs(BTC))])
    const first = scene.send(BTC / 4n)
    const second = scene.send(BTC / 4n)
    const [input] = second.transaction.inputs
    assert(input && equalBytes(input.previousOutput.txid, first.transaction.txid))
    scene.connect([first.transaction, second.transaction])
    const [confirmed] = scene.balance()
    assert.equal(confirmed, BTC / 2n - first.feeSats - second.feeSats)
  })

  it('does not spend what others have paid before a block confirms it', () => {
    const scene = new Scene()
    scene.wallet.addMempoolTransaction(foreignPayment(toUs(BTC)), 1)
    const payment = scene.pay(BTC / 2n)
    assert.equal(payment.ok || payment.code, 'insufficient-funds')
  })

  it('builds on at most 25 unconfirmed transactions in a row', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toUs(BTC))])
    for (let i = 0; i < 25; i++) scene.send(10_000n)
    const payment = scene.pay(10_000n)
    assert.equal(payment.ok || payment.code, 'insufficient-funds')
  })

  it('spends only the coins that it may', () => {
    const scene = new Scene()
    const [large, small] = [foreignPayment(toUs(BTC)), foreignPayment(toUs(BTC / 100n))]
    scene.connect([large, small])
    const to = [{ script: FOREIGN_SCRIPT, value: 1_000n }]
    const payment = scene.wallet.createPayment({ to }, ({ txid }) => equalBytes(txid, large.txid))
    assert(payment.ok)
    assert.deepEqual(
      payment.value.transaction.inputs.map(input => input.previousOutput.txid),
      [large.txid],
    )
    const none = scene.wallet.createPayment({ to }, () => false)
    assert.equal(none.ok || none.code, 'insufficient-funds')
  })

  it('is refused in words when it makes no sense', () => {
    const scene = new Scene()
    scene.connect([foreignPayment(toUs(BTC))])
    const codeOf = (value: bigint, feeRate?: number) => {
      const payment = scene.pay(value, feeRate)
      return payment.ok || payment.code
    }
    assert.equal(codeOf(0n), 'invalid-amount')
    assert.equal(codeOf(-1n), 'invalid-amount')
    assert.equal(codeOf(22_000_000n * BTC), 'invalid-amount')
    assert.equal(codeOf(200n), 'dust')
    assert.equal(codeOf(BTC, 2), 'insufficient-funds')
    assert.equal(codeOf(1_000n, 0.5), 'fee-rate-too-low')
    assert.equal(codeOf(1_000n, Number.NaN), 'fee-rate-too-low')
    assert.equal(codeOf(1_000n, 200_000), 'fee-too-high')
    const nobody = scene.wallet.createPayment({ to: [] })
    assert.equal(nobody.ok || nobody.code, 'no-recipient')
  })
})
