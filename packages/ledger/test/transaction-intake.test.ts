import assert from 'node:assert/strict'
import { COIN, serializeTransaction, Transaction, TransactionIntake, txIdToHex } from '@onehop/ledger'
import type { Verdict } from '@onehop/primitives'
import {
  chainOf,
  codeOf,
  FEE,
  fieldsOf,
  MINER_KEY,
  pay,
  type RegtestChain,
  respend,
  scriptOfKey,
  spendable,
  testKey,
} from './regtest-chain.ts'

const MINE = scriptOfKey(MINER_KEY)

interface Scene {
  readonly chain: RegtestChain
  readonly intake: TransactionIntake
  send(transaction: Transaction, peer?: string): string
  /** Tries orphans again until none is left to try. */
  settle(): void
}

function scene(blocks = 101): Scene {
  const chain = chainOf(blocks)
  const intake = new TransactionIntake(chain.mempool)
  return {
    chain,
    intake,
    send: (transaction, peer = 'alice') => codeOf(intake.accept(transaction, peer, chain.context) as Verdict),
    settle: () => {
      while (intake.hasWork) intake.retryNext(chain.context)
    },
  }
}

const ids = (transactions: readonly { txid: Transaction['txid'] }[]) =>
  transactions.map(each => txIdToHex(each.txid))
const MISSING = 'bad-txns-inputs-missingorspent'

describe('the intake of transactions', () => {
  it('keeps a child until its parent comes, however deep', () => {
    const { chain, intake, send, settle } = scene()
    const parent = respend(chain.coinbase(1))
    const child = respend(spendable(parent, 0))
    const grandchild = respend(spendable(child, 0))
    assert.equal(send(grandchild), MISSING)
    assert.equal(send(child), MISSING)
    assert.equal(intake.hasSeen(child.wtxid), true)
    assert.deepEqual(
      ids(intake.missingParents(child.wtxid, chain.context).map(txid => ({ txid }))),
      ids([parent]),
    )
    assert.equal(send(parent, 'bob'), 'OK')
    settle()
    assert.equal(chain.mempool.size, 3)
    assert.equal(intake.orphanage.size, 0)
  })

  it('tries a child again when a block has its parent', () => {
    const { chain, intake, send, settle } = scene()
    const parent = respend(chain.coinbase(1))
    const child = respend(spendable(parent, 0))
    assert.equal(send(child), MISSING)
    const block = chain.blockOf([parent])
    assert.ok(chain.connect(block).ok)
    intake.onBlockConnected(block)
    settle()
    assert.deepEqual(
      [...chain.mempool.entries()].map(entry => entry.transaction),
      [child],
    )
  })

  it('forgets a child whose coin a block has spent', () => {
    const { chain, intake, send } = scene()
    const parent = respend(chain.coinbase(1))
    send(respend(spendable(parent, 0)))
    const block = chain.blockOf([parent, respend(spendable(parent, 0), 2n * FEE)])
    assert.ok(chain.connect(block).ok)
    intake.onBlockConnected(block)
    assert.equal(intake.orphanage.size, 0)
  })

  it('takes a parent that pays nothing together with the child that waits for it', () => {
    const { chain, send } = scene()
    const parent = respend(chain.coinbase(1), 0n)
    const child = respend(spendable(parent, 0))
    assert.equal(send(child), MISSING)
    assert.equal(send(parent, 'bob'), 'min relay fee not met', 'bob has not the child')
    assert.equal(send(parent, 'alice'), 'OK')
    assert.equal(chain.mempool.size, 2)
  })

  it('lets the parent come first, be refused, and be asked for again', () => {
    const { chain, intake, send } = scene()
    const parent = respend(chain.coinbase(1), 0n)
    const child = respend(spendable(parent, 0))
    assert.equal(send(parent), 'min relay fee not met')
    assert.equal(intake.hasSeen(parent.wtxid), true)
    assert.equal(send(child), MISSING)
    assert.deepEqual(
      ids(intake.missingParents(child.wtxid, chain.context).map(txid => ({ txid }))),
      ids([parent]),
    )
    assert.equal(send(parent), 'OK')
    assert.equal(chain.mempool.size, 2)
  })

  it('does not try a package twice', () => {
    const { chain, intake, send } = scene()
    const parent = respend(chain.coinbase(1), 0n)
    const child = respend(spendable(parent, 0), 1n)
    send(child)
    assert.equal(send(parent), 'min relay fee not met')
    assert.equal(intake.orphanage.size, 0, 'the child pays too little too')
    const { verdict } = intake.acceptPackage([parent, child], 'alice', chain.context)
    assert.equal(codeOf(verdict), 'transaction failed')
  })

  it('refuses at once what it refused before, until the tip changes', () => {
    const { chain, intake, send } = scene()
    const forged = pay({
      from: [chain.coinbase(1)],
      to: [{ value: COIN, scriptPubKey: MINE }],
      key: testKey(9),
    })
    const code = send(forged)
    assert.match(code, /^mempool-script-verify-flag-failed/)
    let checks = 0
    const { nobleVerifier, ...rest } = { nobleVerifier: chain.context.verifier, ...chain.context }
    const verifier = {
      ...nobleVerifier,
      verifyEcdsa: () => {
        checks += 1
        return false
      },
    }
    const again = intake.accept(forged, 'bob', { ...rest, verifier })
    assert.equal(codeOf(again), code)
    assert.equal(again.ok || again.blame, 'sender')
    assert.equal(checks, 0)
    const locked = pay({
      from: [chain.coinbase(1)],
      to: [{ value: COIN, scriptPubKey: MINE }],
      lockTime: 102,
      sequence: 0,
    })
    assert.equal(send(locked), 'non-final')
    chain.mineBlocks(2)
    assert.equal(send(locked), 'non-final')
    intake.onTip()
    assert.equal(send(locked), 'OK')
  })

  it('does not hold it against a transaction that somebody took its witness away', () => {
    const { chain, intake, send } = scene()
    const whole = respend(chain.coinbase(1))
    const inputs = whole.inputs.map(input => ({ ...input, witness: [] }))
    const stripped = new Transaction({ ...fieldsOf(whole), inputs })
    assert.notDeepEqual(serializeTransaction(stripped), serializeTransaction(whole))
    assert.match(send(stripped), /^mempool-script-verify-flag-failed/)
    assert.equal(intake.hasSeen(stripped.wtxid), false)
    assert.equal(send(whole), 'OK')
  })

  it('keeps no orphan of a parent that was refused for good', () => {
    const { chain, intake, send } = scene()
    const stripped = pay({
      from: [chain.coinbase(1)],
      to: [{ value: COIN, scriptPubKey: Uint8Array.of(0x51) }],
    })
    const inputs = stripped.inputs.map(input => ({ ...input, witness: [] }))
    const parent = new Transaction({ ...fieldsOf(stripped), inputs })
    assert.equal(send(parent), 'scriptpubkey')
    const child = respend(spendable(parent, 0), 100n)
    assert.equal(send(child), MISSING)
    assert.equal(intake.orphanage.size, 0)
    assert.equal(intake.hasSeen(child.wtxid), true)
  })

  it('forgets what a peer sent that left', () => {
    const { chain, intake, send } = scene()
    send(respend(spendable(respend(chain.coinbase(1)), 0)))
    intake.onPeerLeft('alice')
    assert.equal(intake.orphanage.size, 0)
  })
})
