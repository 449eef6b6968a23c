import assert from 'node:assert/strict'
import { annexHash, OP, pushBytes, SIGHASH, scriptOf, type Transaction } from '@onehop/ledger'
import { concatBytes, xOnlyPublicKeyOf } from '@onehop/primitives'
import {
  blameOf,
  chainOf,
  codeOf,
  pay,
  type Spendable,
  scriptOfKey,
  spendable,
  testKey,
} from './regtest-chain.ts'
import {
  signTaproot,
  TAPROOT_KEY,
  type TaprootOutput,
  taprootOutput,
  unsignedSpend,
  withWitness,
} from './taproot-spend.ts'

const OTHER = scriptOfKey(testKey(2))
const NONE = new Uint8Array(0)
const ANNEX = Uint8Array.of(0x50, 1)
const KEY = pushBytes(xOnlyPublicKeyOf(TAPROOT_KEY))
const SCRIPT_FAILED = /mempool-script-verify-flag-failed \((.*)\)/

describe('spending a taproot output', () => {
  const chain = chainOf(101)
  const leaf = scriptOf(KEY, OP.CHECKSIG)
  const twoOfThree = scriptOf(KEY, OP.CHECKSIG, KEY, OP.CHECKSIGADD, KEY, OP.CHECKSIGADD, OP[2], OP.NUMEQUAL)
  const separated = scriptOf(OP[0], OP.IF, OP.ELSE, OP.CODESEPARATOR, OP.ENDIF, KEY, OP.CHECKSIG)
  const manyChecks = scriptOf(
    ...Array.from({ length: 6 }, () => scriptOf(OP['2DUP'], OP.CHECKSIGVERIFY)),
    OP.CHECKSIG,
  )
  const dropping = scriptOf(OP.DROP, OP[1])
  const nested = scriptOf(
    ...Array.from({ length: 20_000 }, () => scriptOf(OP[0], OP.IF)),
    ...Array.from({ length: 20_000 }, () => OP.ENDIF),
    OP[1],
  )
  const conditional = scriptOf(OP.IF, OP[1], OP.ELSE, OP[1], OP.ENDIF)
  const multisig = scriptOf(OP[0], OP[0], OP[0], OP.CHECKMULTISIG)
  const scripts = { leaf, twoOfThree, separated, manyChecks, dropping, nested, conditional, multisig }
  type Name = keyof typeof scripts | 'key' | 'success' | 'future'
  const outputs = new Map<Name, TaprootOutput>([
    ['key', taprootOutput()],
    ['success', taprootOutput(Uint8Array.of(OP.CAT))],
    ['future', taprootOutput(leaf, 0xc2)],
    ...Object.entries(scripts).map(([name, script]): [Name, TaprootOutput] => [
      name as Name,
      taprootOutput(script),
    ]),
  ])
  const funding = pay({
    from: [chain.coinbase(1)],
    to: [...outputs.values()].map(({ scriptPubKey }) => ({ value: 100_000_000n, scriptPubKey })),
  })
  assert.ok(chain.connect(chain.blockOf([funding])).ok)

  const coinOf = (name: Name): Spendable => spendable(funding, [...outputs.keys()].indexOf(name), 102)
  const spendOf = (name: Name): Transaction => unsignedSpend(coinOf(name), OTHER)

  /** What the mempool says of it, less the words that are always the same. */
  const relayed = (transaction: Transaction): string => {
    const code = codeOf(chain.mempool.check(transaction, chain.context))
    return SCRIPT_FAILED.exec(code)?.[1] ?? code
  }

  /** Script and control block go behind what the test gives. */
  const byScript = (name: keyof typeof scripts, ...items: readonly Uint8Array[]): Transaction =>
    withWitness(spendOf(name), ...items, scripts[name], outputs.get(name)!.controlBlock)

  const signLeaf = (name: keyof typeof scripts, codeSeparatorPosition = 0xffff_ffff): Uint8Array => {
    const { leafHash } = outputs.get(name)!
    return signTaproot(spendOf(name), coinOf(name), TAPROOT_KEY, {
      tapscript: { leafHash, codeSeparatorPosition },
    })
  }

  describe('by its key', () => {
    const sign = (hashType?: number, annexHash?: Uint8Array) =>
      signTaproot(spendOf('key'), coinOf('key'), outputs.get('key')!.privateKey, {
        ...(hashType === undefined ? {} : { hashType }),
        annexHash,
      })
    const spent = (...witness: readonly Uint8Array[]) => relayed(withWitness(spendOf('key'), ...witness))

    it('takes a signature of every hash type', () => {
      const types = [1, 2, 3].flatMap(type => [type, type | SIGHASH.ANYONECANPAY])
      for (const hashType of [undefined, ...types]) assert.equal(spent(sign(hashType)), 'OK')
    })

    it('refuses a wrong signature, and blames the sender', () => {
      const wrong = sign()
      wrong[5]! ^= 1
      assert.equal(spent(wrong), 'Invalid Schnorr signature')
      const verdict = chain.mempool.check(withWitness(spendOf('key'), wrong), chain.context)
      assert.equal(blameOf(verdict), 'sender')
      const block = chain.connect(chain.blockOf([withWitness(spendOf('key'), wrong)]))
      assert.equal(codeOf(block), 'block-script-verify-flag-failed (Invalid Schnorr signature)')
      assert.equal(!block.ok && block.blame, 'sender')
    })

    it('refuses other sizes and other hash types', () => {
      assert.equal(spent(new Uint8Array(63)), 'Invalid Schnorr signature size')
      for (const hashType of [0, 4, 0x80, 0x84]) {
        assert.equal(spent(Uint8Array.of(...sign(), hashType)), 'Invalid Schnorr signature hash type')
      }
      assert.equal(spent(), 'Witness program was passed an empty witness')
    })

    it('does not relay an annex, which a block may have', () => {
      const annexed = withWitness(spendOf('key'), sign(undefined, annexHash(ANNEX)), ANNEX)
      assert.equal(relayed(annexed), 'bad-witness-nonstandard')
      assert.ok(chain.connect(chain.blockOf([annexed])).ok)
      chain.disconnect()
    })
  })

  describe('by a script', () => {
    /** A spend of an output with a leaf that is no tapscript of the table above. */
    const byOther = (name: 'success' | 'future', script: Uint8Array) =>
      withWitness(spendOf(name), script, outputs.get(name)!.controlBlock)
    const inBlock = (transaction: Transaction): string => {
      const result = chain.connect(chain.blockOf([transaction]))
      if (result.ok) chain.disconnect()
      return codeOf(result)
    }

    it('takes a signature that commits to the leaf', () => {
      assert.equal(relayed(byScript('leaf', signLeaf('leaf'))), 'OK')
      assert.equal(relayed(byScript('leaf', signLeaf('twoOfThree'))), 'Invalid Schnorr signature')
      assert.match(relayed(byScript('leaf', NONE)), /false\/empty top stack element/)
    })

    it('counts signatures with OP_CHECKSIGADD', () => {
      const signature = signLeaf('twoOfThree')
      assert.equal(relayed(byScript('twoOfThree', signature, NONE, signature)), 'OK')
      assert.match(relayed(byScript('twoOfThree', NONE, NONE, signature)), /false\/empty top stack element/)
      const legacy = pay({
        from: [chain.coinbase(2)],
        to: [{ value: 1n, scriptPubKey: scriptOf(OP.CHECKSIGADD) }],
      })
      assert.equal(codeOf(chain.mempool.check(legacy, chain.context)), 'scriptpubkey')
    })

    it('commits to the number of the last OP_CODESEPARATOR that ran', () => {
      assert.equal(relayed(byScript('separated', signLeaf('separated', 3))), 'OK')
      assert.equal(relayed(byScript('separated', signLeaf('separated'))), 'Invalid Schnorr signature')
    })

    it('pays for signatures with the size of the witness', () => {
      const spend = byScript('manyChecks', signLeaf('manyChecks'), xOnlyPublicKeyOf(TAPROOT_KEY))
      assert.equal(relayed(spend), 'Too much signature validation relative to witness weight')
    })

    it('wants a condition to be nothing or 1', () => {
      assert.equal(relayed(byScript('conditional', NONE)), 'OK')
      assert.equal(relayed(byScript('conditional', Uint8Array.of(1))), 'OK')
      const argument = 'OP_IF/NOTIF argument must be minimal in tapscript'
      assert.equal(
        inBlock(byScript('conditional', Uint8Array.of(2))),
        `block-script-verify-flag-failed (${argument})`,
      )
    })

    it('has no OP_CHECKMULTISIG', () => {
      assert.match(relayed(byScript('multisig')), /not available in tapscript/)
    })

    it('has small items where it is relayed, and 1,000 at most', () => {
      assert.equal(relayed(byScript('dropping', new Uint8Array(80))), 'OK')
      const large = byScript('dropping', new Uint8Array(81))
      assert.equal(relayed(large), 'bad-witness-nonstandard')
      assert.equal(inBlock(large), 'OK')
      assert.match(relayed(byScript('dropping', ...Array<Uint8Array>(1_001).fill(NONE))), /Stack size limit/)
    })

    it('may be long and deep, at a cost that does not grow with the depth', () => {
      assert.equal(relayed(byScript('nested')), 'OK')
    })

    it('must be the one that the key commits to', () => {
      const { controlBlock } = outputs.get('leaf')!
      const signature = signLeaf('leaf')
      const spent = (block: Uint8Array) => relayed(withWitness(spendOf('leaf'), signature, leaf, block))
      const otherParity = Uint8Array.from(controlBlock)
      otherParity[0]! ^= 1
      assert.equal(spent(otherParity), 'Witness program hash mismatch')
      assert.equal(spent(concatBytes(controlBlock, new Uint8Array(32))), 'Witness program hash mismatch')
      for (const wrongLength of [1, 32, 34, 33 + 32 * 129]) {
        const block = new Uint8Array(wrongLength)
        assert.equal(spent(block), 'Invalid Taproot control block size')
      }
    })

    it('leaves room for soft forks, which is not relayed', () => {
      const success = byOther('success', Uint8Array.of(OP.CAT))
      assert.equal(relayed(success), 'OP_SUCCESSx reserved for soft-fork upgrades')
      assert.equal(blameOf(chain.mempool.check(success, chain.context)), 'nobody')
      assert.equal(inBlock(success), 'OK')
      const future = byOther('future', leaf)
      assert.equal(relayed(future), 'Taproot version reserved for soft-fork upgrades')
      assert.equal(inBlock(future), 'OK')
    })
  })
})
