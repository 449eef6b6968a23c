import {
  attemptDecode,
  ByteReader,
  ByteWriter,
  concatBytes,
  equalBytes,
  invalid,
  type Result,
} from '@onehop/primitives'
import type { Block } from './block.ts'
import { merkleRoot } from './merkle.ts'
import { OP } from './script/opcodes.ts'
import { pushBytes, scriptOf } from './script/script-building.ts'
import { instructions } from './script/script-parser.ts'
import { NULL_OUTPOINT, readWitness, Transaction, type TxOutput } from './transaction.ts'
import { findWitnessCommitmentOutput } from './witness-commitment.ts'

/** What a push of the witness commitment's output begins with when it holds the block's signature (BIP 325). */
const SOLUTION_TAG = Uint8Array.of(0xec, 0xc7, 0xda, 0xa2)

/** A block of a signet as a spend: it is signed as if its signature spent an output with the network's challenge. */
export interface SignetSpend {
  /** Has one input: the signature. */
  readonly transaction: Transaction
  /** What that input spends. */
  readonly spent: TxOutput
}

/** What a signature of the block has to satisfy (BIP 325). Refused: `bad-signet-blksig`. */
export function signetSpendOf(block: Block, challenge: Uint8Array): Result<SignetSpend> {
  const [coinbase, ...others] = block.transactions
  const index = coinbase && findWitnessCommitmentOutput(coinbase)
  if (coinbase === undefined || index === undefined) return refusal('no witness commitment')
  const { solution, script } = takeSolution(coinbase.outputs[index]!.scriptPubKey)
  const parsed = attemptDecode('bad-signet-blksig', () => readSolution(solution))
  if (!parsed.ok) return refusal(parsed.detail ?? 'not a solution')
  const outputs = coinbase.outputs.with(index, { ...coinbase.outputs[index]!, scriptPubKey: script })
  const { version, inputs, lockTime } = coinbase
  const unsigned = new Transaction({ version, inputs, outputs, lockTime })
  const { root } = merkleRoot([unsigned.txid, ...others.map(({ txid }) => txid)])
  const spent = { value: 0n, scriptPubKey: challenge }
  const previousOutput = { txid: spentTransaction(block, root, spent).txid, index: 0 }
  const input = { ...parsed.value, previousOutput, sequence: 0 }
  const nothing = { value: 0n, scriptPubKey: scriptOf(OP.RETURN) }
  const transaction = new Transaction({ version: 0, inputs: [input], outputs: [nothing], lockTime: 0 })
  return { ok: true, value: { transaction, spent } }
}

function refusal(detail: string) {
  return invalid('bad-signet-blksig', detail)
}

/** The transaction whose output is "spent" commits to all of the header but its work, without the signature itself. */
function spentTransaction({ header }: Block, root: Uint8Array, output: TxOutput): Transaction {
  const signed = new ByteWriter().writeInt32(header.version).writeBytes(header.previousBlock)
  const data = signed.writeBytes(root).writeUint32(header.time).toBytes()
  const scriptSig = scriptOf(OP[0], pushBytes(data))
  const input = { previousOutput: NULL_OUTPOINT, scriptSig, sequence: 0, witness: [] }
  return new Transaction({ version: 0, inputs: [input], outputs: [output], lockTime: 0 })
}

interface TakenSolution {
  /** Empty where there is none: a challenge may need none. */
  readonly solution: Uint8Array
  /** The output's script without it. */
  readonly script: Uint8Array
}

/** The first push with the tag and something behind it counts; of it, the tag alone stays. */
function takeSolution(script: Uint8Array): TakenSolution {
  let solution: Uint8Array | undefined
  const kept: Uint8Array[] = []
  for (const { opcode, data } of instructions(script)) {
    const pushed = data !== undefined && data.length > 0 ? data : undefined
    if (pushed === undefined) kept.push(Uint8Array.of(opcode))
    else if (solution === undefined && isSolution(pushed)) {
      solution = pushed.subarray(SOLUTION_TAG.length)
      kept.push(pushBytes(SOLUTION_TAG))
    } else kept.push(pushBytes(pushed))
  }
  return solution === undefined ? { solution: NOTHING, script } : { solution, script: concatBytes(...kept) }
}

const NOTHING = new Uint8Array(0)

function isSolution(pushed: Uint8Array): boolean {
  const tag = pushed.subarray(0, SOLUTION_TAG.length)
  return pushed.length > SOLUTION_TAG.length && equalBytes(tag, SOLUTION_TAG)
}

/** A scriptSig and a witness. @throws {DecodeError} */
function readSolution(solution: Uint8Array): Pick<Transaction['inputs'][number], 'scriptSig' | 'witness'> {
  if (solution.length === 0) return { scriptSig: NOTHING, witness: [] }
  const reader = new ByteReader(solution)
  const signed = { scriptSig: reader.readVarBytes(), witness: readWitness(reader) }
  reader.expectEnd()
  return signed
}
