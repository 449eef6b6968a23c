import assert from 'node:assert/strict'
import {
  COIN,
  dustLimit,
  OP,
  pushBytes,
  pushNumber,
  SEQUENCE_FINAL,
  scriptOf,
  Transaction,
  type TxOutput,
} from '@onehop/ledger'
import { hash160, publicKeyOf, sha256 } from '@onehop/primitives'
import {
  blameOf,
  chainOf,
  codeOf,
  FEE,
  fieldsOf,
  legacyScriptOfKey,
  MINER_KEY,
  pay,
  respend,
  type Spendable,
  scriptOfKey,
  spendable,
  testKey,
} from './regtest-chain.ts'

const OTHER = scriptOfKey(testKey(2))
const MINE = scriptOfKey(MINER_KEY)

describe('the mempool’s standards', () => {
  const chain = chainOf(110)
  const from = [chain.coinbase(1)]
  const paying = (...to: TxOutput[]) => codeOf(chain.mempool.check(pay({ from, to }), chain.context))
  const paysTo = (scriptPubKey: Uint8Array, value = COIN) => paying({ value, scriptPubKey })

  it('know the versions 1 to 3', () => {
    const code = (version: number) =>
      codeOf(
        chain.mempool.check(pay({ from, to: [{ value: COIN, scriptPubKey: MINE }], version }), chain.context),
      )
    assert.deepEqual([0, 1, 2, 3, 4, 0xffff_ffff].map(code), [
      'version',
      'OK',
      'OK',
      'OK',
      'version',
      'version',
    ])
  })

  it('know the usual output scripts', () => {
    const key = pushBytes(publicKeyOf(MINER_KEY))
    assert.equal(paysTo(MINE), 'OK')
    assert.equal(paysTo(legacyScriptOfKey(MINER_KEY)), 'OK')
    assert.equal(paysTo(scriptOf(key, OP.CHECKSIG)), 'OK')
    assert.equal(paysTo(scriptOf(OP[1], key, key, OP[2], OP.CHECKMULTISIG)), 'OK')
    assert.equal(paysTo(scriptOf(OP[1], key, key, key, key, OP[4], OP.CHECKMULTISIG)), 'scriptpubkey')
    assert.equal(paysTo(scriptOf(OP[1])), 'scriptpubkey')
    assert.equal(paysTo(scriptOf(OP[1], pushBytes(new Uint8Array(32)))), 'OK')
    assert.equal(paysTo(scriptOf(OP[16], pushBytes(new Uint8Array(40)))), 'OK')
    assert.equal(paysTo(scriptOf(OP[0], pushBytes(new Uint8Array(21)))), 'scriptpubkey')
  })

  it('take data up to 100,000 bytes', () => {
    const data = (length: number) => ({
      value: 0n,
      scriptPubKey: scriptOf(OP.RETURN, pushBytes(new Uint8Array(length))),
    })
    const change = { value: 49n * COIN, scriptPubKey: MINE }
    assert.equal(paying(data(80), data(80), change), 'OK')
    assert.equal(paying(data(99_000), data(2_000), change), 'tx-size')
    assert.equal(paying(data(95_000), change), 'OK')
  })

  it('refuse dust, measured by what spending it costs', () => {
    const limits = [
      [MINE, 294n],
      [legacyScriptOfKey(MINER_KEY), 546n],
      [scriptOf(OP[0], pushBytes(new Uint8Array(32))), 330n],
    ] as const
    for (const [scriptPubKey, limit] of limits) {
      assert.equal(dustLimit({ value: 0n, scriptPubKey }), limit)
      assert.equal(paysTo(scriptPubKey, limit), 'OK')
      assert.equal(paysTo(scriptPubKey, limit - 1n), 'dust')
    }
  })

  it('refuse what is very large or very small', () => {
    const change = { value: COIN, scriptPubKey: MINE }
    assert.equal(paying(...Array.from({ length: 3_300 }, () => change)), 'tx-size')
    const small = { value: 49n * COIN, scriptPubKey: scriptOf(OP.RETURN) }
    assert.equal(paying(small), 'tx-size-small')
  })

  it('refuse scriptSigs that are long or do more than push', () => {
    const signed = pay({ from, to: [{ value: COIN, scriptPubKey: MINE }] })
    const withScript = (scriptSig: Uint8Array) => {
      const inputs = signed.inputs.map(input => ({ ...input, scriptSig }))
      return codeOf(chain.accept(new Transaction({ ...fieldsOf(signed), inputs })))
    }
    assert.equal(withScript(new Uint8Array(1_651)), 'scriptsig-size')
    assert.equal(withScript(scriptOf(OP.NOP)), 'scriptsig-not-pushonly')
    assert.match(withScript(scriptOf(OP[1])), /Witness requires empty scriptSig/)
  })

  it('refuse to spend what they would not relay, and odd witnesses', () => {
    const own = chainOf(101)
    const anyone = scriptOf(OP[1])
    const many = scriptOf(...Array.from({ length: 16 }, () => OP.CHECKSIG))
    const big = scriptOf(new Uint8Array(3_601).fill(OP.NOP), OP[1])
    const scripts = [
      anyone,
      scriptOf(OP[2], pushBytes(new Uint8Array(32))),
      scriptOf(OP.HASH160, pushBytes(hash160(many)), OP.EQUAL),
      scriptOf(OP[0], pushBytes(sha256(big))),
      legacyScriptOfKey(MINER_KEY),
      scriptOf(OP[1], pushBytes(Uint8Array.of(0x4e, 0x73))),
    ]
    const funding = pay({
      from: [own.coinbase(1)],
      to: scripts.map(scriptPubKey => ({ value: COIN, scriptPubKey })),
    })
    assert.ok(own.connect(own.blockOf([funding])).ok)
    const code = (index: number, scriptSig: Uint8Array, witness: Uint8Array[]) => {
      const inputs = [
        { previousOutput: { txid: funding.txid, index }, scriptSig, witness, sequence: SEQUENCE_FINAL },
      ]
      const outputs = [{ value: 10_000n, scriptPubKey: OTHER }]
      return codeOf(own.accept(new Transaction({ version: 2, inputs, outputs, lockTime: 0 })))
    }
    const none = new Uint8Array(0)
    assert.equal(code(0, none, []), 'bad-txns-nonstandard-inputs')
    assert.equal(code(1, none, []), 'bad-txns-nonstandard-inputs')
    assert.equal(code(2, pushBytes(many), []), 'bad-txns-nonstandard-inputs')
    assert.equal(code(3, none, [big]), 'bad-witness-nonstandard')
    assert.equal(code(4, none, [none]), 'bad-witness-nonstandard')
    assert.equal(code(5, none, [none]), 'bad-witness-nonstandard')
    assert.equal(code(5, none, []), 'OK')
  })

  it('keep a version 3 transaction small, and in pairs', () => {
    const own = chainOf(103)
    const truc = (spends: Spendable, extra = 0) =>
      pay({
        from: [spends],
        to: [
          { value: spends.coin.output.value - FEE, scriptPubKey: MINE },
          { value: 0n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(new Uint8Array(extra))) },
        ],
        version: 3,
      })
    assert.equal(codeOf(own.accept(truc(own.coinbase(1), 10_000))), 'TRUC-violation')
    const parent = truc(own.coinbase(1), 5_000)
    assert.equal(codeOf(own.accept(parent)), 'OK')
    assert.equal(codeOf(own.accept(respend(spendable(parent, 0)))), 'TRUC-violation')
    assert.equal(codeOf(own.accept(truc(spendable(parent, 0), 1_000))), 'TRUC-violation')
    const child = truc(spendable(parent, 0), 100)
    assert.equal(codeOf(own.accept(child)), 'OK')
    assert.equal(codeOf(own.accept(truc(spendable(child, 0)))), 'TRUC-violation')
  })
})

describe('script numbers in the mempool’s scripts', () => {
  it('have their shortest form', () => {
    const chain = chainOf(101)
    const script = scriptOf(OP['1ADD'], pushNumber(3), OP.EQUAL)
    const scriptPubKey = scriptOf(OP[0], pushBytes(sha256(script)))
    const funding = pay({ from: [chain.coinbase(1)], to: [{ value: COIN, scriptPubKey }] })
    assert.ok(chain.connect(chain.blockOf([funding])).ok)
    const spend = (item: Uint8Array) =>
      new Transaction({
        version: 2,
        inputs: [
          {
            previousOutput: { txid: funding.txid, index: 0 },
            scriptSig: new Uint8Array(0),
            sequence: 0,
            witness: [item, script],
          },
        ],
        outputs: [{ value: 10_000n, scriptPubKey: OTHER }],
        lockTime: 0,
      })
    const verdict = chain.accept(spend(Uint8Array.of(2, 0)))
    assert.match(codeOf(verdict), /Script number overflowed or is non-minimally encoded/)
    assert.equal(blameOf(verdict), 'nobody')
    assert.equal(codeOf(chain.accept(spend(Uint8Array.of(2)))), 'OK')
  })
})
