import assert from 'node:assert/strict'
import {
  type Block,
  blockHashToHex,
  blockSubsidy,
  type ChainParameters,
  COIN,
  CoinsCache,
  connectBlock,
  OP,
  outPointKey,
  pushBytes,
  REGTEST,
  runScriptChecks,
  type ScriptCheck,
  scriptOf,
  serializeCoin,
  Transaction,
} from '@onehop/ledger'
import { bytesToHex, hash160, nobleVerifier, sha256 } from '@onehop/primitives'
import fc from 'fast-check'
import { withHighS } from './high-s.ts'
import {
  codeOf,
  connectWithScripts,
  fieldsOf,
  legacyScriptOfKey,
  MINER_KEY,
  mine,
  pay,
  RegtestChain,
  recommit,
  type Spendable,
  scriptOfKey,
  spendable,
  testKey,
  withTransactions,
} from './regtest-chain.ts'

const OTHER = scriptOfKey(testKey(2))

/** All coins, as text that can be compared. */
function snapshot(chain: RegtestChain): string[] {
  return [...chain.coins.values()]
    .map(
      ({ outPoint, coin }) =>
        `${Buffer.from(outPointKey(outPoint)).toString('hex')} ${bytesToHex(serializeCoin(coin))}`,
    )
    .sort()
}

/** What connecting the block says; nothing is kept. */
function attempt(chain: RegtestChain, block: Block) {
  const mined = mine(block)
  const added = chain.tree.add(mined.header, chain.nowSeconds)
  assert.ok(added.ok, codeOf(added))
  const coins = new CoinsCache(chain.view)
  return connectWithScripts(mined, { node: added.value, coins, parameters: REGTEST })
}

describe('connecting a block', () => {
  const chain = new RegtestChain()
  chain.mineBlocks(110)
  const mature = (height: number) => chain.coinbase(height)
  const spend = (from: Spendable, value = COIN) => pay({ from: [from], to: [{ value, scriptPubKey: OTHER }] })
  const code = (...transactions: Transaction[]) => codeOf(attempt(chain, chain.blockOf(transactions)))

  it('moves coins from the spent outputs to the new ones, and remembers the spent', () => {
    const own = new RegtestChain()
    own.mineBlocks(101)
    const first = own.coinbase(1)
    const transaction = spend(first)
    const result = own.connect(own.blockOf([transaction]))
    assert.ok(result.ok)
    assert.deepEqual(result.value, { spent: [[first.coin]] })
    assert.equal(own.view.get(first.outPoint), undefined)
    assert.deepEqual(own.view.get({ txid: transaction.txid, index: 0 }), {
      output: transaction.outputs[0],
      height: 102,
      coinbase: false,
    })
  })

  it('lets a transaction spend what one before it in the block made', () => {
    const parent = spend(mature(1))
    const child = pay({
      from: [spendable(parent, 0)],
      to: [{ value: COIN, scriptPubKey: OTHER }],
      key: testKey(2),
    })
    assert.equal(code(parent, child), 'OK')
    assert.equal(code(child, parent), 'bad-txns-inputs-missingorspent')
  })

  it('refuses a coin that is not there, or spent twice in the block', () => {
    assert.equal(code(spend(mature(1)), spend(mature(1), 2n * COIN)), 'bad-txns-inputs-missingorspent')
    const unknown = { ...mature(1), outPoint: { ...mature(1).outPoint, index: 7 } }
    assert.equal(code(spend(unknown)), 'bad-txns-inputs-missingorspent')
  })

  it('refuses a coinbase output that is not 100 blocks deep', () => {
    assert.equal(code(spend(mature(11))), 'OK')
    assert.equal(code(spend(mature(12))), 'bad-txns-premature-spend-of-coinbase')
  })

  it('refuses to make money from nothing', () => {
    assert.equal(code(spend(mature(1), 50n * COIN)), 'OK')
    assert.equal(code(spend(mature(1), 50n * COIN + 1n)), 'bad-txns-in-belowout')
  })

  it('lets the coinbase take the subsidy and all fees, and not a satoshi more', () => {
    const transaction = spend(mature(1), 49n * COIN)
    const claim = (value: bigint) => {
      const template = chain.template()
      const [coinbase] = template.transactions
      const outputs = [{ ...coinbase!.outputs[0]!, value }, coinbase!.outputs[1]!]
      const claimed = recommit(new Transaction({ ...fieldsOf(coinbase!), outputs }), [transaction])
      return codeOf(attempt(chain, withTransactions(template, [claimed, transaction])))
    }
    const limit = blockSubsidy(111, REGTEST) + COIN
    assert.equal(claim(limit), 'OK')
    assert.equal(claim(limit - 5n), 'OK')
    assert.equal(claim(limit + 1n), 'bad-cb-amount')
  })

  it('refuses a transaction whose id has unspent outputs, where heights do not make ids unique', () => {
    const own = new RegtestChain()
    own.mineBlocks(2)
    const block = own.template()
    const coins = own.view
    const same = {
      get: (outPoint: { txid: Uint8Array; index: number }) =>
        Buffer.from(outPoint.txid).equals(block.transactions[0]!.txid)
          ? own.coinbase(1).coin
          : coins.get(outPoint as never),
    }
    const mined = mine(block)
    const added = own.tree.add(mined.header, own.nowSeconds)
    assert.ok(added.ok)
    const codeBy = (change: Partial<ChainParameters>) =>
      codeOf(
        connectBlock(mined, {
          node: added.value,
          parameters: { ...REGTEST, ...change },
          coins: new CoinsCache(same),
        }),
      )
    assert.equal(codeBy({ bip34Height: 3 }), 'bad-txns-BIP30')
    // A chain that has another block at BIP 34's height than Bitcoin has.
    assert.equal(codeBy({ bip34Height: 2, bip34Hash: '00'.repeat(32) }), 'bad-txns-BIP30')
    assert.equal(codeBy({ bip34Height: 2, bip34Hash: blockHashToHex(own.tip.hash) }), 'OK')
  })

  it('says of a transaction that is confirmed already what Bitcoin Core says first', () => {
    const own = new RegtestChain()
    own.mineBlocks(101)
    const payment = pay({ from: [own.coinbase(1)], to: [{ value: COIN, scriptPubKey: OTHER }] })
    assert.equal(codeOf(own.connect(own.blockOf([payment]))), 'OK')
    assert.equal(codeOf(own.connect(own.blockOf([payment]))), 'bad-txns-BIP30')
    const other = pay({ from: [own.coinbase(1)], to: [{ value: COIN + 1n, scriptPubKey: OTHER }] })
    assert.equal(codeOf(own.connect(own.blockOf([other]))), 'bad-txns-inputs-missingorspent')
    // Twice in one block: its first one is no coin of a block before.
    const next = pay({ from: [own.coinbase(2)], to: [{ value: COIN, scriptPubKey: OTHER }] })
    assert.equal(codeOf(own.connect(own.blockOf([next, next]))), 'bad-txns-inputs-missingorspent')
  })

  it('refuses a signature by another key, over another amount, or none', () => {
    const from = mature(1)
    const to = [{ value: COIN, scriptPubKey: OTHER }]
    const failed = (transaction: Transaction) => code(transaction)
    assert.match(failed(pay({ from: [from], to, key: testKey(3) })), /^block-script-verify-flag-failed \(/)
    const wrongAmount = { ...from, coin: { ...from.coin, output: { ...from.coin.output, value: 1n } } }
    assert.equal(
      failed(pay({ from: [wrongAmount], to })),
      'block-script-verify-flag-failed (Script evaluated without error but finished with a false/empty top stack element)',
    )
    const [input] = pay({ from: [from], to }).inputs
    const unsigned = new Transaction({
      version: 2,
      inputs: [{ ...input!, witness: [] }],
      outputs: to,
      lockTime: 0,
    })
    assert.equal(failed(unsigned), 'block-script-verify-flag-failed (Witness program hash mismatch)')
  })

  it('runs scripts after every other rule, and not at all where they are assumed to be right', () => {
    const forged = pay({ from: [mature(1)], to: [{ value: COIN, scriptPubKey: OTHER }], key: testKey(3) })
    const block = mine(chain.blockOf([forged]))
    const added = chain.tree.add(block.header, chain.nowSeconds)
    assert.ok(added.ok)
    const coins = () => new CoinsCache(chain.view)
    const context = { node: added.value, parameters: REGTEST }
    const told: ScriptCheck[] = []
    const onCheck = (check: ScriptCheck) => told.push(check)
    const connected = connectBlock(block, { ...context, coins: coins(), onCheck })
    assert.ok(connected.ok)
    assert.deepEqual(told, connected.value.checks)
    assert.deepEqual(
      connected.value.checks.map(({ transaction, spent }) => [transaction, spent]),
      [[forged, [mature(1).coin]]],
    )
    const scripts = runScriptChecks(connected.value.checks, nobleVerifier)
    assert.match(codeOf(scripts), /^block-script-verify-flag-failed/)
    const assumed = connectBlock(block, { ...context, coins: coins(), assumesScripts: true })
    assert.ok(assumed.ok)
    assert.deepEqual(assumed.value.checks, [])
    assert.deepEqual(assumed.value.undo, connected.value.undo)
    assert.equal(code(forged, spend(mature(2), 51n * COIN)), 'bad-txns-in-belowout')
  })

  it('takes a signature with a high s, which only policy minds', () => {
    const transaction = withHighS(spend(mature(1)))
    assert.equal(code(transaction), 'OK')
    assert.equal(
      codeOf(chain.accept(transaction)),
      'mempool-script-verify-flag-failed (Non-canonical signature: S value is unnecessarily high)',
    )
  })

  it('spends P2PKH, P2SH and P2WSH coins', () => {
    const own = new RegtestChain()
    own.mineBlocks(101)
    const anyone = scriptOf(OP[2], OP[3], OP.ADD, OP[5], OP.EQUAL)
    const scripts = [
      legacyScriptOfKey(MINER_KEY),
      scriptOf(OP.HASH160, pushBytes(hash160(anyone)), OP.EQUAL),
      scriptOf(OP[0], pushBytes(sha256(anyone))),
    ]
    const funding = pay({
      from: [own.coinbase(1)],
      to: scripts.map(scriptPubKey => ({ value: COIN, scriptPubKey })),
    })
    const outputs = [{ value: 1_000n, scriptPubKey: OTHER }]
    const p2pkh = pay({ from: [spendable(funding, 0)], to: outputs })
    const bare = { sequence: 0, scriptSig: new Uint8Array(0), witness: [] }
    const p2sh = new Transaction({
      version: 2,
      inputs: [{ ...bare, previousOutput: { txid: funding.txid, index: 1 }, scriptSig: pushBytes(anyone) }],
      outputs,
      lockTime: 0,
    })
    const p2wsh = new Transaction({
      version: 2,
      inputs: [{ ...bare, previousOutput: { txid: funding.txid, index: 2 }, witness: [anyone] }],
      outputs,
      lockTime: 0,
    })
    assert.equal(codeOf(own.connect(own.blockOf([funding, p2pkh, p2sh, p2wsh]))), 'OK')
  })

  it('limits the cost of signature operations, those in witnesses included', () => {
    const own = new RegtestChain()
    own.mineBlocks(101)
    const sigops = (count: number) => {
      const script = scriptOf(OP[0], OP.IF, new Uint8Array(count).fill(OP.CHECKSIG), OP.ENDIF, OP[1])
      return { script, scriptPubKey: scriptOf(OP[0], pushBytes(sha256(script))) }
    }
    const scripts = Array.from({ length: 9 }, (_, i) => sigops(9_000 + i))
    const funding = pay({
      from: [own.coinbase(1)],
      to: scripts.map(({ scriptPubKey }) => ({ value: COIN, scriptPubKey })),
    })
    assert.ok(own.connect(own.blockOf([funding])).ok)
    const spending = new Transaction({
      version: 2,
      inputs: scripts.map(({ script }, index) => ({
        previousOutput: { txid: funding.txid, index },
        scriptSig: new Uint8Array(0),
        sequence: 0,
        witness: [script],
      })),
      outputs: [{ value: 1_000n, scriptPubKey: OTHER }],
      lockTime: 0,
    })
    assert.equal(codeOf(attempt(own, own.blockOf([spending]))), 'bad-blk-sigops')
  })
})

describe('a relative lock time', () => {
  const chain = new RegtestChain()
  chain.mineBlocks(105)
  const funding = pay({ from: [chain.coinbase(1)], to: [{ value: COIN, scriptPubKey: OTHER }] })
  assert.ok(chain.connect(chain.blockOf([funding])).ok)
  chain.mineBlocks(3)
  const code = (sequence: number, version = 2) => {
    const to = [{ value: 1_000n, scriptPubKey: OTHER }]
    const transaction = pay({ from: [spendable(funding, 0, 106)], to, key: testKey(2), sequence, version })
    return codeOf(attempt(chain, chain.blockOf([transaction])))
  }

  it('in blocks counts from the coin’s block', () => {
    assert.equal(code(4), 'OK')
    assert.equal(code(5), 'bad-txns-nonfinal')
  })

  it('in time counts units of 512 seconds of median time', () => {
    const perBlock = 600
    const units = Math.floor((4 * perBlock) / 512)
    assert.equal(code(0x0040_0000 | units), 'OK')
    assert.equal(code(0x0040_0000 | (units + 1)), 'bad-txns-nonfinal')
  })

  it('does not count when it is disabled, or the version is 1', () => {
    assert.equal(code(0x8000_0000 + 50), 'OK')
    assert.equal(code(50, 1), 'OK')
  })
})

describe('a block that is connected and disconnected', () => {
  it('leaves every coin as it was, whatever it spends', function () {
    this.timeout(20_000)
    const chain = new RegtestChain()
    chain.mineBlocks(110)
    const step = fc.record({
      spends: fc.nat({ max: 1_000 }),
      outputs: fc.integer({ min: 1, max: 3 }),
      fee: fc.nat({ max: 5_000 }),
    })
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 3 }), plan => {
        const before = snapshot(chain)
        const height = chain.blocks.length
        const states: string[][] = []
        for (const steps of plan) {
          states.push(snapshot(chain))
          const supply = chain.supply
          const { transactions, fees } = randomTransactions(chain, steps)
          const block = chain.blockOf(transactions)
          const result = chain.connect(block)
          assert.ok(result.ok, codeOf(result))
          // Value is conserved: fees that the coinbase leaves vanish, the subsidy is new.
          assert.equal(chain.supply, supply + blockSubsidy(chain.tip.height, REGTEST) - fees)
        }
        while (chain.blocks.length > height) {
          chain.disconnect()
          assert.deepEqual(snapshot(chain), states.pop())
        }
        assert.deepEqual(snapshot(chain), before)
      }),
      { numRuns: 15 },
    )
  })
})

/** Spends of random mature coins and of each other’s outputs. */
function randomTransactions(
  chain: RegtestChain,
  steps: readonly { spends: number; outputs: number; fee: number }[],
): { transactions: Transaction[]; fees: bigint } {
  const height = chain.tip.height + 1
  const available: Spendable[] = [...chain.coins.values()].filter(
    ({ coin }) => !coin.coinbase || height - coin.height >= 100,
  )
  const transactions: Transaction[] = []
  let fees = 0n
  for (const { spends, outputs, fee } of steps) {
    const [from] = available.splice(spends % available.length, 1)
    if (from === undefined || from.coin.output.value < 100_000n) continue
    const value = (from.coin.output.value - BigInt(fee)) / BigInt(outputs)
    const scriptPubKey = scriptOfKey(MINER_KEY)
    const transaction = pay({
      from: [from],
      to: Array.from({ length: outputs }, () => ({ value, scriptPubKey })),
    })
    fees += from.coin.output.value - value * BigInt(outputs)
    transactions.push(transaction)
    for (let index = 0; index < outputs; index++) available.push(spendable(transaction, index, height))
  }
  return { transactions, fees }
}
