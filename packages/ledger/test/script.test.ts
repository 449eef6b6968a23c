import assert from 'node:assert/strict'
import {
  decodeScriptNumber,
  encodeScriptNumber,
  FLAG,
  findAndDelete,
  isMinimalPush,
  legacySighash,
  MANDATORY_FLAGS,
  OP,
  pushBytes,
  pushNumber,
  readInstruction,
  SCRIPT_ERROR_TEXT,
  type ScriptFlags,
  SIGHASH,
  STANDARD_FLAGS,
  scriptOf,
  scriptToAsm,
  Transaction,
  TransactionSignatureChecker,
  toBoolean,
  verifyScript,
} from '@onehop/ledger'
import {
  bigIntToBytesBE,
  bytesToHex,
  CURVE_ORDER,
  concatBytes,
  encodeDerSignature,
  nobleVerifier,
  publicKeyOf,
  signEcdsa,
} from '@onehop/primitives'
import fc from 'fast-check'
import { testKey } from './regtest-chain.ts'

interface Run {
  readonly flags?: ScriptFlags
  readonly lockTime?: number
  readonly sequence?: number
  readonly version?: number
}

const NONE = new Uint8Array(0)

function spendingTransaction({ lockTime = 0, sequence = 0, version = 2 }: Run): Transaction {
  const previousOutput = { txid: new Uint8Array(32) as never, index: 0 }
  const inputs = [{ previousOutput, scriptSig: NONE, sequence, witness: [] }]
  return new Transaction({ version, inputs, outputs: [{ value: 1n, scriptPubKey: NONE }], lockTime })
}

/** Runs a bare script after its input script. */
function run(scriptSig: Uint8Array, scriptPubKey: Uint8Array, options: Run = {}): string {
  const checker = new TransactionSignatureChecker(spendingTransaction(options), 0, 0n, nobleVerifier)
  const flags = options.flags ?? MANDATORY_FLAGS
  return verifyScript({ scriptSig, scriptPubKey, witness: [], flags, checker }) ?? 'OK'
}

describe('a script number', () => {
  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }), value => {
        assert.equal(decodeScriptNumber(encodeScriptNumber(value), true), value)
      }),
    )
  })

  it('has at most four bytes, five where an opcode says so', () => {
    assert.equal(decodeScriptNumber(new Uint8Array(5), false), undefined)
    assert.equal(decodeScriptNumber(Uint8Array.of(255, 255, 255, 255, 127), true, 5), 2 ** 39 - 1)
  })

  it('has its shortest form where that is asked for', () => {
    for (const long of [[0], [0x80], [1, 0], [1, 0x80]]) {
      assert.equal(decodeScriptNumber(Uint8Array.from(long), true), undefined)
      assert.notEqual(decodeScriptNumber(Uint8Array.from(long), false), undefined)
    }
    assert.equal(decodeScriptNumber(Uint8Array.of(0xff, 0), true), 255)
    assert.equal(decodeScriptNumber(Uint8Array.of(0xff, 0x80), true), -255)
  })

  it('is false only as zero, of either sign', () => {
    assert.equal(toBoolean(NONE), false)
    assert.equal(toBoolean(Uint8Array.of(0, 0, 0x80)), false)
    assert.equal(toBoolean(Uint8Array.of(0x80, 0)), true)
    assert.equal(toBoolean(Uint8Array.of(0, 1)), true)
  })
})

describe('a push', () => {
  it('has the shortest prefix for its length, and is read back', () => {
    for (const length of [0, 1, 75, 76, 255, 256, 65_535, 65_536]) {
      const data = new Uint8Array(length).fill(0x42)
      const script = pushBytes(data)
      const instruction = readInstruction(script, 0)!
      assert.deepEqual(instruction.data, data)
      assert.equal(instruction.end, script.length)
      assert.equal(isMinimalPush(instruction), true)
    }
  })

  it('of a small number is an opcode', () => {
    assert.deepEqual(pushNumber(0), Uint8Array.of(0))
    assert.deepEqual(pushNumber(-1), Uint8Array.of(OP['1NEGATE']))
    assert.deepEqual(pushNumber(16), Uint8Array.of(OP[16]))
    assert.deepEqual(pushNumber(17), Uint8Array.of(1, 17))
    assert.deepEqual(pushNumber(128), Uint8Array.of(2, 128, 0))
  })

  it('that is cut off is no instruction', () => {
    for (const cut of [[2, 1], [OP.PUSHDATA1], [OP.PUSHDATA2, 1], [OP.PUSHDATA4, 255, 255, 255, 255]]) {
      assert.equal(readInstruction(Uint8Array.from(cut), 0), undefined)
    }
  })
})

describe('the interpreter', () => {
  it('ends with a verdict for any bytes, and never throws', () => {
    const script = fc.uint8Array({ maxLength: 80 })
    fc.assert(
      fc.property(script, script, fc.constantFrom(0, MANDATORY_FLAGS, STANDARD_FLAGS), (a, b, flags) => {
        const outcome = run(a, b, { flags })
        assert.ok(outcome === 'OK' || outcome in SCRIPT_ERROR_TEXT)
        scriptToAsm(b)
      }),
      { numRuns: 2_000 },
    )
  })

  it('computes', () => {
    assert.equal(run(scriptOf(OP[2], OP[3]), scriptOf(OP.ADD, OP[5], OP.EQUAL)), 'OK')
    assert.equal(run(scriptOf(OP[2], OP[3]), scriptOf(OP.SUB, OP['1NEGATE'], OP.NUMEQUAL)), 'OK')
    assert.equal(run(scriptOf(OP[4]), scriptOf(OP[1], OP[5], OP.WITHIN)), 'OK')
    assert.equal(run(scriptOf(OP[5]), scriptOf(OP[1], OP[5], OP.WITHIN)), 'EVAL_FALSE')
  })

  it('branches', () => {
    const branch = scriptOf(OP.IF, OP[2], OP.ELSE, OP[3], OP.ENDIF, OP[3], OP.EQUAL)
    assert.equal(run(scriptOf(OP[0]), branch), 'OK')
    assert.equal(run(scriptOf(OP[1]), branch), 'EVAL_FALSE')
    assert.equal(run(scriptOf(OP[1]), scriptOf(OP.IF, OP[1])), 'UNBALANCED_CONDITIONAL')
    assert.equal(run(scriptOf(OP[1]), scriptOf(OP.ENDIF)), 'UNBALANCED_CONDITIONAL')
  })

  it('fails on opcodes that were taken out, even where they do not run', () => {
    assert.equal(run(scriptOf(OP[0]), scriptOf(OP.IF, OP.CAT, OP.ENDIF, OP[1])), 'DISABLED_OPCODE')
    assert.equal(run(scriptOf(OP[0]), scriptOf(OP.IF, OP.VERIF, OP.ENDIF, OP[1])), 'BAD_OPCODE')
    assert.equal(run(scriptOf(OP[0]), scriptOf(OP.IF, OP.RESERVED, OP.ENDIF, OP[1])), 'OK')
  })

  it('keeps its limits', () => {
    const many = (opcode: number, count: number) => new Uint8Array(count).fill(opcode)
    assert.equal(run(NONE, scriptOf(OP[1], many(OP.NOP, 201))), 'OK')
    assert.equal(run(NONE, scriptOf(OP[1], many(OP.NOP, 202))), 'OP_COUNT')
    assert.equal(run(NONE, many(OP[1], 1_000)), 'OK')
    assert.equal(run(NONE, many(OP[1], 1_001)), 'STACK_SIZE')
    assert.equal(run(NONE, many(OP[1], 10_001)), 'SCRIPT_SIZE')
    assert.equal(run(NONE, scriptOf(pushBytes(new Uint8Array(520).fill(1)))), 'OK')
    assert.equal(run(NONE, scriptOf(pushBytes(new Uint8Array(521).fill(1)))), 'PUSH_SIZE')
  })

  it('ends in linear time for what once took quadratic', () => {
    const script = scriptOf(
      ...Array.from({ length: 190 }, () => OP.IF),
      ...Array.from({ length: 9_000 }, () => OP[1]),
    )
    assert.notEqual(run(NONE, script), 'OK')
  })
})

describe('an absolute lock time in a script', () => {
  const script = (lockTime: number) => scriptOf(pushNumber(lockTime), OP.CHECKLOCKTIMEVERIFY)

  it('asks for a transaction that is locked as long', () => {
    assert.equal(run(NONE, script(100), { lockTime: 100 }), 'OK')
    assert.equal(run(NONE, script(101), { lockTime: 100 }), 'UNSATISFIED_LOCKTIME')
    assert.equal(run(NONE, script(-1), { lockTime: 100 }), 'NEGATIVE_LOCKTIME')
  })

  it('compares heights with heights and times with times', () => {
    assert.equal(run(NONE, script(100), { lockTime: 500_000_000 }), 'UNSATISFIED_LOCKTIME')
    assert.equal(run(NONE, script(500_000_000), { lockTime: 500_000_001 }), 'OK')
  })

  it('wants an input that is not final', () => {
    assert.equal(run(NONE, script(100), { lockTime: 100, sequence: 0xffff_ffff }), 'UNSATISFIED_LOCKTIME')
  })

  it('meant nothing before BIP 65', () => {
    assert.equal(run(NONE, script(101), { lockTime: 100, flags: FLAG.P2SH }), 'OK')
  })
})

describe('a relative lock time in a script', () => {
  const script = (sequence: number) => scriptOf(pushNumber(sequence), OP.CHECKSEQUENCEVERIFY)

  it('asks for an input that is locked as long', () => {
    assert.equal(run(NONE, script(10), { sequence: 10 }), 'OK')
    assert.equal(run(NONE, script(11), { sequence: 10 }), 'UNSATISFIED_LOCKTIME')
    assert.equal(run(NONE, script(0x40_0000 | 10), { sequence: 0x40_0000 | 10 }), 'OK')
    assert.equal(run(NONE, script(0x40_0000 | 10), { sequence: 10 }), 'UNSATISFIED_LOCKTIME')
  })

  it('wants version 2 and a sequence that counts', () => {
    assert.equal(run(NONE, script(10), { sequence: 10, version: 1 }), 'UNSATISFIED_LOCKTIME')
    assert.equal(run(NONE, script(10), { sequence: 0x8000_000a }), 'UNSATISFIED_LOCKTIME')
    assert.equal(
      run(NONE, scriptOf(pushBytes(Uint8Array.of(0, 0, 0, 0x80, 0)), OP.CHECKSEQUENCEVERIFY, OP[1])),
      'OK',
    )
  })
})

describe('signatures in a script', () => {
  const keys = [1, 2, 3].map(testKey)
  const publicKeys = keys.map(key => publicKeyOf(key))
  const multisig = scriptOf(OP[2], ...publicKeys.map(pushBytes), OP[3], OP.CHECKMULTISIG)
  const sign = (key: Uint8Array, scriptCode: Uint8Array, hashType: number = SIGHASH.ALL) => {
    const transaction = spendingTransaction({})
    const hash = legacySighash({ transaction, inputIndex: 0, scriptCode, hashType })
    return pushBytes(concatBytes(encodeDerSignature(signEcdsa(hash, key)), Uint8Array.of(hashType)))
  }

  it('are two of three in the order of their keys', () => {
    const [a, b, c] = keys.map(key => sign(key, multisig))
    assert.equal(run(scriptOf(OP[0], a!, b!), multisig), 'OK')
    assert.equal(run(scriptOf(OP[0], a!, c!), multisig), 'OK')
    assert.equal(run(scriptOf(OP[0], b!, a!), multisig), 'EVAL_FALSE')
    assert.equal(run(scriptOf(OP[0], a!, a!), multisig), 'EVAL_FALSE')
    assert.equal(run(scriptOf(OP[1], a!, b!), multisig), 'SIG_NULLDUMMY')
    assert.equal(run(scriptOf(a!, b!), multisig), 'INVALID_STACK_OPERATION')
  })

  it('are strictly encoded', () => {
    const script = scriptOf(pushBytes(publicKeys[0]!), OP.CHECKSIG)
    assert.equal(run(sign(keys[0]!, script), script), 'OK')
    assert.equal(run(pushBytes(new Uint8Array(9)), script), 'SIG_DER')
    assert.equal(run(scriptOf(OP[0]), script), 'EVAL_FALSE')
  })

  it('with a number from the order on have a low s, as Core parses them, and verify nothing', () => {
    const order = bigIntToBytesBE(CURVE_ORDER, 32)
    const half = bigIntToBytesBE(CURVE_ORDER / 2n + 1n, 32)
    const one = bigIntToBytesBE(1n, 32)
    const outcomeOf = (r: Uint8Array, s: Uint8Array) => {
      const signature = concatBytes(encodeDerSignature(concatBytes(r, s)), Uint8Array.of(SIGHASH.ALL))
      const script = scriptOf(pushBytes(publicKeyOf(testKey(1))), OP.CHECKSIG, OP.NOT)
      return run(pushBytes(signature), script, { flags: FLAG.LOW_S | FLAG.DERSIG })
    }
    assert.equal(outcomeOf(one, half), 'SIG_HIGH_S')
    assert.equal(outcomeOf(one, order), 'OK')
    assert.equal(outcomeOf(order, half), 'OK')
    assert.equal(outcomeOf(one, new Uint8Array(32).fill(0xff)), 'OK')
  })

  it('commit to what their hash type says', () => {
    const script = scriptOf(pushBytes(publicKeys[0]!), OP.CHECKSIG)
    const types = [SIGHASH.ALL, SIGHASH.NONE, SIGHASH.SINGLE].flatMap(type => [
      type,
      type | SIGHASH.ANYONECANPAY,
    ])
    for (const type of types) assert.equal(run(sign(keys[0]!, script, type), script), 'OK')
    const odd = sign(keys[0]!, script, 0x50)
    assert.equal(run(odd, script), 'OK')
    assert.equal(run(odd, script, { flags: STANDARD_FLAGS }), 'SIG_HASHTYPE')
  })

  it('sign the number one where SIGHASH_SINGLE has no output', () => {
    const transaction = spendingTransaction({})
    const inputs = [...transaction.inputs, ...transaction.inputs]
    const two = new Transaction({ version: 1, inputs, outputs: transaction.outputs, lockTime: 0 })
    const hash = legacySighash({
      transaction: two,
      inputIndex: 1,
      scriptCode: NONE,
      hashType: SIGHASH.SINGLE,
    })
    assert.equal(bytesToHex(hash), `01${'00'.repeat(31)}`)
  })

  it('cover the script from the last separator on', () => {
    const end = scriptOf(pushBytes(publicKeys[0]!), OP.CHECKSIG)
    const script = scriptOf(OP.NOP, OP.CODESEPARATOR, end)
    assert.equal(run(sign(keys[0]!, end), script), 'OK')
    assert.equal(run(sign(keys[0]!, script), script), 'EVAL_FALSE')
  })
})

describe('finding and deleting in a script', () => {
  it('looks at the starts of instructions only', () => {
    const target = Uint8Array.of(1, 0xaa)
    const script = scriptOf(target, OP.DUP, target, target, 2, 1, 0xaa)
    assert.deepEqual(findAndDelete(script, target), { script: scriptOf(OP.DUP, 2, 1, 0xaa), found: 3 })
    assert.deepEqual(findAndDelete(script, NONE), { script, found: 0 })
  })
})
