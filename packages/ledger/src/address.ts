import {
  attemptDecode,
  concatBytes,
  DecodeError,
  decodeBase58Check,
  decodeSegwitAddress,
  encodeBase58Check,
  encodeSegwitAddress,
  type Result,
} from '@onehop/primitives'
import type { ChainParameters } from './params.ts'
import { publicKeyHashOf, scriptHashOf, witnessProgramOf } from './script/script-patterns.ts'
import { p2pkhScript, p2shScript, witnessScript } from './script/standard-scripts.ts'

const HASH160_LENGTH = 20

/**
 * The script that pays to an address of this network: P2PKH, P2SH, or any witness version.
 * Refused with `invalid-address` (blame: sender).
 */
export function addressToScript(address: string, parameters: ChainParameters): Result<Uint8Array> {
  const separator = address.lastIndexOf('1')
  const looksLikeSegwit = address.slice(0, separator).toLowerCase() === parameters.bech32Prefix
  return attemptDecode('invalid-address', () =>
    looksLikeSegwit ? segwitScript(address, parameters) : base58Script(address, parameters),
  )
}

/** The address of this network that pays to the script, where one can; undefined for bare scripts. */
export function scriptToAddress(script: Uint8Array, parameters: ChainParameters): string | undefined {
  const keyHash = publicKeyHashOf(script)
  if (keyHash) return base58Address(parameters.base58PublicKeyHash, keyHash)
  const scriptHash = scriptHashOf(script)
  if (scriptHash) return base58Address(parameters.base58ScriptHash, scriptHash)
  const witness = witnessProgramOf(script)
  if (!witness) return undefined
  const { version, program } = witness
  if (version === 0 && program.length !== 20 && program.length !== 32) return undefined
  return encodeSegwitAddress({ prefix: parameters.bech32Prefix, version, program })
}

function segwitScript(address: string, parameters: ChainParameters): Uint8Array {
  const { prefix, version, program } = decodeSegwitAddress(address)
  if (prefix !== parameters.bech32Prefix) throw new DecodeError('an address of another network')
  return witnessScript(version, program)
}

function base58Script(address: string, parameters: ChainParameters): Uint8Array {
  const payload = decodeBase58Check(address)
  if (payload.length !== 1 + HASH160_LENGTH) throw new DecodeError('not an address')
  const hash = payload.subarray(1)
  if (payload[0] === parameters.base58PublicKeyHash) return p2pkhScript(hash)
  if (payload[0] === parameters.base58ScriptHash) return p2shScript(hash)
  throw new DecodeError('an address of another network')
}

function base58Address(version: number, hash: Uint8Array): string {
  return encodeBase58Check(concatBytes(Uint8Array.of(version), hash))
}
