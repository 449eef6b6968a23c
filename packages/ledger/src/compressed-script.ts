import type { ByteReader, ByteWriter } from '@onehop/primitives'
import { DecodeError } from '@onehop/primitives'
import { OP } from './script/opcodes.ts'
import { pushBytes, scriptOf } from './script/script-building.ts'
import { publicKeyHashOf, scriptHashOf } from './script/script-patterns.ts'
import { readVarint, writeVarint } from './varint.ts'

/*
 * Bitcoin Core's script compression (`compressor.cpp`). Codes 0 to 3 stand for a pattern and 20 or 32 bytes;
 * 4 and 5 are Core's for uncompressed keys, which we never write (their point would have to be computed back);
 * any other script is its length + 6, and its bytes.
 */
const PUBLIC_KEY_HASH = 0n
const SCRIPT_HASH = 1n
const EVEN_KEY = 2n
const ODD_KEY = 3n
const SPECIAL_CODES = 6n

/** Appends a script, shortened where it has one of the common patterns. */
export function writeCompressedScript(writer: ByteWriter, script: Uint8Array): void {
  const keyHash = publicKeyHashOf(script)
  const scriptHash = scriptHashOf(script)
  if (keyHash) writePattern(writer, PUBLIC_KEY_HASH, keyHash)
  else if (scriptHash) writePattern(writer, SCRIPT_HASH, scriptHash)
  else if (isCompressedKeyScript(script)) writePattern(writer, BigInt(script[1]!), script.subarray(2, 34))
  else writePattern(writer, BigInt(script.length) + SPECIAL_CODES, script)
}

/** @throws {DecodeError} */
export function readCompressedScript(reader: ByteReader): Uint8Array {
  const code = readVarint(reader)
  if (code === PUBLIC_KEY_HASH) {
    return scriptOf(OP.DUP, OP.HASH160, pushBytes(reader.readBytes(20)), OP.EQUALVERIFY, OP.CHECKSIG)
  }
  if (code === SCRIPT_HASH) return scriptOf(OP.HASH160, pushBytes(reader.readBytes(20)), OP.EQUAL)
  if (code === EVEN_KEY || code === ODD_KEY) {
    return scriptOf(33, Number(code), reader.readBytes(32), OP.CHECKSIG)
  }
  if (code < SPECIAL_CODES) throw new DecodeError('a script compression that is not in use')
  return reader.readBytes(Number(code - SPECIAL_CODES)).slice()
}

function writePattern(writer: ByteWriter, code: bigint, bytes: Uint8Array): void {
  writeVarint(writer, code)
  writer.writeBytes(bytes)
}

function isCompressedKeyScript(script: Uint8Array): boolean {
  return (
    script.length === 35 &&
    script[0] === 33 &&
    (script[1] === 2 || script[1] === 3) &&
    script[34] === OP.CHECKSIG
  )
}
