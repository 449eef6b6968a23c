import { accelerate } from '@onehop/accelerators'
import {
  FLAG,
  MANDATORY_FLAGS,
  OP,
  p2shScript,
  p2wshScript,
  pushBytes,
  type ScriptFlags,
  SegwitMidstate,
  STANDARD_FLAGS,
  scriptOf,
  Transaction,
  TransactionSignatureChecker,
  verifyScript,
} from '@onehop/ledger'
import {
  ByteReader,
  ByteWriter,
  hash160,
  nobleVerifier,
  randomBelow,
  randomElement,
  type SeededRandom,
  type SignatureVerifier,
  sha256,
} from '@onehop/primitives'
import { scriptFor, signedSpend } from '../../regtest/spends.ts'
import { attempt, CHAIN_LIMIT, Finding, type Target } from '../target.ts'
import { type Corpus, FUZZ_KEY } from './corpus.ts'

/** A spend of one coin: its script, how it is spent, and under which flags. */
interface SpendInput {
  readonly flags: ScriptFlags
  readonly scriptPubKey: Uint8Array
  readonly scriptSig: Uint8Array
  readonly witness: readonly Uint8Array[]
}

const VALUE = 1_000_000n
const ALL_FLAGS = Object.values(FLAG).reduce((flags, flag) => flags | flag, 0)

function serialize({ flags, scriptPubKey, scriptSig, witness }: SpendInput): Uint8Array {
  const writer = new ByteWriter().writeUint32(flags).writeVarBytes(scriptPubKey).writeVarBytes(scriptSig)
  writer.writeCompactSize(witness.length)
  for (const item of witness) writer.writeVarBytes(item)
  return writer.toBytes()
}

function parse(bytes: Uint8Array): SpendInput {
  const reader = new ByteReader(bytes)
  const flags = (reader.readUint32() & ALL_FLAGS) >>> 0
  const scriptPubKey = reader.readVarBytes()
  const scriptSig = reader.readVarBytes()
  const witness = Array.from({ length: reader.readCount(1) }, () => reader.readVarBytes())
  return { flags, scriptPubKey, scriptSig, witness }
}

/** Core verifies no witness without P2SH, and asks for a clean stack with both only. */
function isPossible(flags: ScriptFlags): boolean {
  if (flags & FLAG.CLEANSTACK && !(flags & FLAG.WITNESS)) return false
  return !(flags & FLAG.WITNESS) || (flags & FLAG.P2SH) !== 0
}

function verify(
  { scriptPubKey, scriptSig, witness }: SpendInput,
  flags: ScriptFlags,
  verifier: SignatureVerifier,
): string {
  const transaction = new Transaction({
    version: 2,
    inputs: [{ previousOutput: OUT_POINT, scriptSig, sequence: 5, witness }],
    outputs: [{ value: VALUE - 1000n, scriptPubKey: Uint8Array.of(0x51) }],
    lockTime: 100,
  })
  const midstate = new SegwitMidstate(transaction, [{ value: VALUE, scriptPubKey }])
  const checker = new TransactionSignatureChecker(transaction, 0, VALUE, verifier, midstate)
  return verifyScript({ scriptPubKey, scriptSig, witness, flags, checker }) ?? 'ok'
}

let OUT_POINT: Transaction['inputs'][number]['previousOutput']

/** Spends of the coins' scripts as they stand, signed for the transaction that {@link verify} makes. */
function signedSeeds(corpus: Corpus): SpendInput[] {
  OUT_POINT = corpus.coins[0]!.outPoint
  return (['p2pkh', 'p2wpkh', 'p2tr'] as const).map(kind => {
    const scriptPubKey = scriptFor(FUZZ_KEY, kind)
    const coin = { outPoint: OUT_POINT, output: { value: VALUE, scriptPubKey }, key: FUZZ_KEY, kind }
    const outputs = [{ value: VALUE - 1000n, scriptPubKey: Uint8Array.of(0x51) }]
    const { transaction } = signedSpend([coin], outputs, { lockTime: 100, sequence: 5 })
    const { scriptSig, witness } = transaction.inputs[0]!
    return { flags: STANDARD_FLAGS, scriptPubKey, scriptSig, witness }
  })
}

function plainSeeds(): SpendInput[] {
  const redeem = scriptOf(
    OP[1],
    OP.IF,
    OP[2],
    OP[3],
    OP.ADD,
    OP[5],
    OP.EQUALVERIFY,
    OP.ELSE,
    OP.CHECKSIG,
    OP.ENDIF,
    OP[1],
  )
  const multisig = scriptOf(
    OP[1],
    pushBytes(FUZZ_KEY.publicKey),
    pushBytes(FUZZ_KEY.publicKey),
    OP[2],
    OP.CHECKMULTISIG,
  )
  const none = new Uint8Array(0)
  return [
    { flags: MANDATORY_FLAGS, scriptPubKey: redeem, scriptSig: none, witness: [] },
    {
      flags: STANDARD_FLAGS,
      scriptPubKey: p2shScript(hash160(redeem)),
      scriptSig: pushBytes(redeem),
      witness: [],
    },
    { flags: STANDARD_FLAGS, scriptPubKey: p2wshScript(sha256(redeem)), scriptSig: none, witness: [redeem] },
    { flags: 0, scriptPubKey: multisig, scriptSig: scriptOf(OP[0], OP[0]), witness: [] },
    {
      flags: MANDATORY_FLAGS,
      scriptPubKey: scriptOf(pushBytes(FUZZ_KEY.publicKey), OP.CHECKSIG),
      scriptSig: scriptOf(OP[0]),
      witness: [],
    },
  ]
}

/** Opcodes at random, with pushes between them. */
function randomScript(random: SeededRandom): Uint8Array {
  const parts: (number | Uint8Array)[] = []
  for (let count = 1 + randomBelow(random.next, 30); count > 0; count--) {
    if (random.next() < 0.3) parts.push(pushBytes(random.bytes(randomBelow(random.next, 6))))
    else if (random.next() < 0.4) parts.push(OP[1] + randomBelow(random.next, 16))
    else parts.push(randomElement(random.next, Object.values(OP)) ?? OP.NOP)
  }
  return scriptOf(...parts)
}

function randomSpend(random: SeededRandom): Uint8Array {
  const script = randomScript(random)
  const args = Array.from({ length: randomBelow(random.next, 4) }, () =>
    random.bytes(randomBelow(random.next, 4)),
  )
  const pushes = scriptOf(...args.map(pushBytes))
  const none = new Uint8Array(0)
  const flags = random.next() < 0.5 ? STANDARD_FLAGS : random.nextUint32() & ALL_FLAGS
  const where = randomBelow(random.next, 3)
  if (where === 0) return serialize({ flags, scriptPubKey: script, scriptSig: pushes, witness: [] })
  return where === 1
    ? serialize({
        flags,
        scriptPubKey: p2shScript(hash160(script)),
        scriptSig: scriptOf(pushes, pushBytes(script)),
        witness: [],
      })
    : serialize({
        flags,
        scriptPubKey: p2wshScript(sha256(script)),
        scriptSig: none,
        witness: [...args, script],
      })
}

/**
 * Runs scripts: never an exception, the same answer from the fast backend and the reference, and fewer flags refuse
 * nothing that more of them allow (which the script cache relies upon).
 */
export function scriptTarget(corpus: Corpus): Target {
  const { verifier } = accelerate()
  return {
    name: 'script',
    seeds: [...signedSeeds(corpus), ...plainSeeds()].map(serialize),
    limit: CHAIN_LIMIT,
    turns: 6,
    generate: randomSpend,
    run(input) {
      const spend = attempt(() => parse(input))
      if (spend === undefined || !isPossible(spend.flags)) return
      const said = verify(spend, spend.flags, verifier)
      const reference = verify(spend, spend.flags, nobleVerifier)
      if (said !== reference) throw new Finding(`${verifier.name} says ${said}, noble ${reference}`)
      if (said !== 'ok') return
      for (let bit = 1; bit <= ALL_FLAGS; bit <<= 1) {
        const fewer = spend.flags & ~bit
        if (!isPossible(fewer) || fewer === spend.flags) continue
        const without = verify(spend, fewer, verifier)
        if (without !== 'ok')
          throw new Finding(`ok under flags ${spend.flags}, but ${without} without ${bit}`)
      }
    },
  }
}
