import {
  type ChainParameters,
  instructions,
  isUnspendable,
  OP,
  p2shScript,
  p2wpkhScript,
  p2wshScript,
  publicKeyHashOf,
  type ScriptType,
  scriptToAddress,
  scriptType,
} from '@onehop/ledger'
import { hash160, hexToBytes, sha256 } from '@onehop/primitives'
import { defineMethod, type RpcMethod } from '@onehop/rpc'
import { scriptJson } from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'

/** Scripts that may stand behind a hash. */
const WRAPPABLE: readonly ScriptType[] = [
  'multisig',
  'nonstandard',
  'pubkey',
  'pubkeyhash',
  'witness_v0_keyhash',
  'witness_v0_scripthash',
]
const COMPRESSED_KEY_BYTES = 33

function canBeWrapped(script: Uint8Array): boolean {
  const all = [...instructions(script)]
  // Instructions end where a push runs over the end of the script.
  const isWhole = (all.at(-1)?.end ?? 0) === script.length
  // NOP10 is the last opcode of scripts behind a hash; those above are tapscript's, or nothing.
  const isValid = isWhole && all.every(({ opcode }) => opcode <= OP.NOP10)
  return isValid && !isUnspendable(script) && WRAPPABLE.includes(scriptType(script))
}

function keysOf(script: Uint8Array): Uint8Array[] {
  return [...instructions(script)].flatMap(({ data }) =>
    data !== undefined && data.length > 1 ? [data] : [],
  )
}

/** The segwit output that pays to the same keys, where there is one. */
function segwitScript(script: Uint8Array): Uint8Array | undefined {
  const type = scriptType(script)
  if (type === 'witness_v0_keyhash' || type === 'witness_v0_scripthash') return undefined
  const keys = type === 'multisig' || type === 'pubkey' ? keysOf(script) : []
  if (keys.some(({ length }) => length !== COMPRESSED_KEY_BYTES)) return undefined
  const [key] = keys
  if (type === 'pubkey' && key !== undefined) return p2wpkhScript(hash160(key))
  const keyHash = publicKeyHashOf(script)
  return keyHash === undefined ? p2wshScript(sha256(script)) : p2wpkhScript(keyHash)
}

function p2shAddress(script: Uint8Array, parameters: ChainParameters): string | undefined {
  return scriptToAddress(p2shScript(hash160(script)), parameters)
}

function decoded(script: Uint8Array, parameters: ChainParameters) {
  const { hex: _, ...json } = scriptJson(script, parameters)
  if (!canBeWrapped(script)) return json
  const segwit = segwitScript(script)
  return {
    ...json,
    p2sh: p2shAddress(script, parameters),
    ...(segwit === undefined
      ? {}
      : { segwit: { ...scriptJson(segwit, parameters), 'p2sh-segwit': p2shAddress(segwit, parameters) } }),
  }
}

/** bitcoind's `decodescript`. */
export function decodeScript({ parameters }: MethodContext): RpcMethod {
  return defineMethod({
    name: 'decodescript',
    category: 'Rawtransactions',
    summary: 'A script in words, and the addresses that pay to it.',
    params: { hexstring: { type: 'hex' } },
    handler: ({ hexstring }) => decoded(hexToBytes(hexstring), parameters),
  })
}
