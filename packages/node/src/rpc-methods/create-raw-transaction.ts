import {
  addressToScript,
  type ChainParameters,
  hexToTxId,
  OP,
  pushBytes,
  SEQUENCE_FINAL,
  scriptOf,
  serializeTransaction,
  Transaction,
  type TxInput,
  type TxOutput,
} from '@onehop/ledger'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import {
  defineMethod,
  parseAmountParam,
  parseHexParam,
  RPC_CODE,
  RpcError,
  type RpcMethod,
} from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

/** Sequence of an input that lets the transaction be replaced, as BIP 125 asked. */
const SEQUENCE_REPLACEABLE = 0xffff_fffd
const MAX_UINT32 = 0xffff_ffff
const TXID_BYTES = 32
/** Versions that bitcoind makes. */
const VERSIONS: readonly number[] = [1, 2, 3]
const DEFAULT_VERSION = 2

type Json = Readonly<Record<string, unknown>>

function invalidParameter(sentence: string): RpcError {
  return new RpcError(RPC_CODE.invalidParameter, `Invalid parameter, ${sentence}`)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inputOf(value: unknown, defaultSequence: number): TxInput {
  if (!isObject(value)) throw new RpcError(RPC_CODE.typeError, 'JSON value is not an object as expected')
  const { txid, vout, sequence = defaultSequence } = value
  const id = hexToTxId(parseHexParam('txid', txid, TXID_BYTES))
  if (typeof vout !== 'number' || !Number.isInteger(vout)) throw invalidParameter('missing vout key')
  if (vout < 0) throw invalidParameter('vout cannot be negative')
  if (typeof sequence !== 'number' || sequence < 0 || sequence > MAX_UINT32)
    throw invalidParameter('sequence number is out of range')
  return { previousOutput: { txid: id, index: vout }, scriptSig: new Uint8Array(0), sequence, witness: [] }
}

/** Names and values of the outputs, in their order, whichever way they are given. */
function outputPairs(outputs: unknown): (readonly [string, unknown])[] {
  if (isObject(outputs)) return Object.entries(outputs)
  if (!Array.isArray(outputs))
    throw new RpcError(RPC_CODE.typeError, 'JSON value is not an array as expected')
  return outputs.flatMap(output => {
    if (!isObject(output)) throw invalidParameter('key-value pair not an object as expected')
    const pairs = Object.entries(output)
    if (pairs.length !== 1) throw invalidParameter('key-value pair must contain exactly one key')
    return pairs
  })
}

function outputOf(name: string, value: unknown, parameters: ChainParameters): TxOutput {
  if (name === 'data') {
    const data = hexToBytes(parseHexParam('Data', value))
    return { value: 0n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(data)) }
  }
  const script = addressToScript(name, parameters)
  if (!script.ok) throw new RpcError(RPC_CODE.invalidAddressOrKey, `Invalid Bitcoin address: ${name}`)
  return { value: parseAmountParam(name, value), scriptPubKey: script.value }
}

function outputsOf(outputs: unknown, parameters: ChainParameters): TxOutput[] {
  const seen = new Set<string>()
  return outputPairs(outputs).map(([name, value]) => {
    const output = outputOf(name, value, parameters)
    if (seen.has(name)) {
      throw invalidParameter(name === 'data' ? 'duplicate key: data' : `duplicated address: ${name}`)
    }
    seen.add(name)
    return output
  })
}

function defaultSequence(isReplaceable: boolean, lockTime: number): number {
  if (isReplaceable) return SEQUENCE_REPLACEABLE
  return lockTime === 0 ? SEQUENCE_FINAL : SEQUENCE_FINAL - 1
}

/** bitcoind's `createrawtransaction`. */
export function createRawTransaction({ parameters }: MethodContext): RpcMethod {
  return defineMethod({
    name: 'createrawtransaction',
    category: 'Rawtransactions',
    summary: 'An unsigned transaction in hexadecimal, of inputs and outputs that are named.',
    params: {
      inputs: { type: 'array', description: '{"txid", "vout", "sequence"} each' },
      outputs: { type: 'any', description: '{"address": amount} or {"data": hex} each' },
      locktime: { type: 'integer', default: 0 },
      replaceable: { type: 'boolean', optional: true, description: 'sequences that tell so; default: true' },
      version: { type: 'integer', default: DEFAULT_VERSION },
    },
    handler: ({ inputs, outputs, locktime, replaceable, version }) => {
      if (locktime < 0 || locktime > MAX_UINT32) throw invalidParameter('locktime out of range')
      if (!VERSIONS.includes(version)) throw invalidParameter('version out of range(1~3)')
      const sequence = defaultSequence(replaceable ?? true, locktime)
      const spent = inputs.map(input => inputOf(input, sequence))
      const signals = spent.some(input => input.sequence <= SEQUENCE_REPLACEABLE)
      if (replaceable === true && spent.length > 0 && !signals) {
        throw new RpcError(
          RPC_CODE.invalidParameter,
          'Invalid parameter combination: Sequence number(s) contradict replaceable option',
        )
      }
      const made = outputsOf(outputs, parameters)
      const transaction = new Transaction({ version, inputs: spent, outputs: made, lockTime: locktime })
      return bytesToHex(serializeTransaction(transaction))
    },
  })
}
