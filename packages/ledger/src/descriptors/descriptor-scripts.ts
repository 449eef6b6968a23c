import {
  attemptDecode,
  compareBytes,
  DecodeError,
  hash160,
  hexToBytes,
  type Result,
  sha256,
  tweakPublicKey,
} from '@onehop/primitives'
import { addressToScript } from '../address.ts'
import { MAX_PUBLIC_KEYS_PER_MULTISIG } from '../limits.ts'
import type { ChainParameters } from '../params.ts'
import { OP } from '../script/opcodes.ts'
import { pushBytes, pushNumber, scriptOf } from '../script/script-building.ts'
import {
  p2pkhScript,
  p2shScript,
  p2wpkhScript,
  p2wshScript,
  witnessScript,
} from '../script/standard-scripts.ts'
import { tapTweakHash } from '../script/taproot.ts'
import { descriptorChecksum } from './descriptor-checksum.ts'

/** Where an expression stands, which decides what may be in it. */
type Place = 'top' | 'sh' | 'wsh'

/** Keys of a bare multisig script that is relayed. */
const MAX_BARE_KEYS = 3
const X_ONLY_LENGTH = 32
const COMPRESSED_LENGTH = 33
const UNCOMPRESSED_LENGTH = 65

/**
 * The scripts that an output descriptor stands for (BIP 380 to 386): `addr`, `raw`, `pk`, `pkh`, `wpkh`, `combo`, `sh`,
 * `wsh`, `multi`, `sortedmulti`, `tr` without scripts, `rawtr`, with keys in hexadecimal.
 * Refused with `invalid-descriptor` and one sentence (blame: sender).
 */
export function descriptorScripts(descriptor: string, parameters: ChainParameters): Result<Uint8Array[]> {
  return attemptDecode('invalid-descriptor', () => scriptsOf(withoutChecksum(descriptor), 'top', parameters))
}

function withoutChecksum(text: string): string {
  const [descriptor = '', given, ...more] = text.split('#')
  if (more.length > 0) throw new DecodeError("Multiple '#' symbols")
  const computed = descriptorChecksum(descriptor)
  if (computed === undefined) throw new DecodeError('Invalid characters in payload')
  if (given !== undefined && given.length !== computed.length)
    throw new DecodeError(`Expected ${computed.length} character checksum, not ${given.length} characters`)
  if (given !== undefined && given !== computed)
    throw new DecodeError(`Provided checksum '${given}' does not match computed checksum '${computed}'`)
  return descriptor
}

function scriptsOf(text: string, place: Place, parameters: ChainParameters): Uint8Array[] {
  const [, name = '', inside = ''] = /^([a-z]+)\((.*)\)$/.exec(text) ?? []
  if (place === 'top') {
    if (name === 'addr') return [addressScript(inside, parameters)]
    if (name === 'raw') return [rawScript(inside)]
    if (name === 'combo') return comboScripts(keyOf(inside))
    if (name === 'tr') return [taprootScript(xOnlyKeyOf(inside))]
    if (name === 'rawtr') return [witnessScript(1, xOnlyKeyOf(inside))]
    if (name === 'sh') return [p2shScript(hash160(onlyScript(inside, 'sh', parameters)))]
  }
  if (place !== 'wsh' && name === 'wsh') return [p2wshScript(sha256(onlyScript(inside, 'wsh', parameters)))]
  if (place !== 'wsh' && name === 'wpkh') return [p2wpkhScript(hash160(compressedKeyOf(inside)))]
  const key = place === 'wsh' ? compressedKeyOf : keyOf
  if (name === 'pk') return [keyScript(key(inside))]
  if (name === 'pkh') return [p2pkhScript(hash160(key(inside)))]
  if (name === 'multi' || name === 'sortedmulti')
    return [multisigScript(inside.split(','), name === 'sortedmulti', place, key)]
  throw new DecodeError(`'${text}' is not a valid descriptor function`)
}

function onlyScript(text: string, place: Place, parameters: ChainParameters): Uint8Array {
  const [script] = scriptsOf(text, place, parameters)
  if (script === undefined) throw new DecodeError(`'${text}' stands for no script`)
  return script
}

function addressScript(address: string, parameters: ChainParameters): Uint8Array {
  const script = addressToScript(address, parameters)
  if (!script.ok) throw new DecodeError('Address is not valid')
  return script.value
}

function rawScript(hex: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new DecodeError('Raw script is not hex')
  return hexToBytes(hex)
}

function keyScript(key: Uint8Array): Uint8Array {
  return scriptOf(pushBytes(key), OP.CHECKSIG)
}

/** All ways in which a key was ever paid to, but for taproot's. */
function comboScripts(key: Uint8Array): Uint8Array[] {
  const scripts = [keyScript(key), p2pkhScript(hash160(key))]
  if (key.length !== COMPRESSED_LENGTH) return scripts
  const witness = p2wpkhScript(hash160(key))
  return [...scripts, witness, p2shScript(hash160(witness))]
}

function taprootScript(internalKey: Uint8Array): Uint8Array {
  const output = tweakPublicKey(internalKey, tapTweakHash(internalKey))
  if (output === undefined) throw new DecodeError('A key is on no point of the curve')
  return witnessScript(1, output.key)
}

function multisigScript(
  [threshold = '', ...keys]: readonly string[],
  sorted: boolean,
  place: Place,
  parseKey: (text: string) => Uint8Array,
): Uint8Array {
  const required = Number(threshold)
  if (!/^\d{1,2}$/.test(threshold)) throw new DecodeError(`Multi threshold '${threshold}' is not valid`)
  if (keys.length === 0 || keys.length > MAX_PUBLIC_KEYS_PER_MULTISIG)
    throw new DecodeError(
      `Cannot have ${keys.length} keys in multisig; must have between 1 and ${MAX_PUBLIC_KEYS_PER_MULTISIG} keys, inclusive`,
    )
  if (place === 'top' && keys.length > MAX_BARE_KEYS)
    throw new DecodeError(
      `Cannot have ${keys.length} pubkeys in bare multisig; only at most ${MAX_BARE_KEYS} pubkeys`,
    )
  if (required < 1) throw new DecodeError(`Multisig threshold cannot be ${required}, must be at least 1`)
  if (required > keys.length)
    throw new DecodeError(
      `Multisig threshold cannot be larger than the number of keys; threshold is ${required} but only ${keys.length} keys specified`,
    )
  const parsed = keys.map(parseKey)
  if (sorted) parsed.sort(compareBytes)
  return scriptOf(pushNumber(required), ...parsed.map(pushBytes), pushNumber(parsed.length), OP.CHECKMULTISIG)
}

/** A key in hexadecimal, perhaps after where it came from in brackets. */
function keyOf(text: string): Uint8Array {
  const [, hex = ''] = /^(?:\[[^\]]*\])?([0-9a-fA-F]*)$/.exec(text) ?? []
  const length = hex.length / 2
  const prefix = hex.slice(0, 2)
  const isCompressed = length === COMPRESSED_LENGTH && (prefix === '02' || prefix === '03')
  if (isCompressed || (length === UNCOMPRESSED_LENGTH && prefix === '04')) return hexToBytes(hex)
  throw new DecodeError(`key '${text}' is not valid`)
}

function compressedKeyOf(text: string): Uint8Array {
  const key = keyOf(text)
  if (key.length === COMPRESSED_LENGTH) return key
  throw new DecodeError('Uncompressed keys are not allowed')
}

function xOnlyKeyOf(text: string): Uint8Array {
  const [, hex = ''] = /^(?:\[[^\]]*\])?([0-9a-fA-F]*)$/.exec(text) ?? []
  return hex.length === 2 * X_ONLY_LENGTH ? hexToBytes(hex) : compressedKeyOf(text).subarray(1)
}
