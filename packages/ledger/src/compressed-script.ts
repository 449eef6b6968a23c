import type { ByteReader, ByteWriter } from '@onehop/primitives'
import { DecodeError } from '@onehop/primitives'
import { OP } from './script/opcodes.ts'
import { publicKeyHashOf, scriptHashOf } from './script/script-patterns.ts'
import { readVarint, writeVarint } from './varint.ts'

/*
 * Bitcoin Core's script compression (`compressor.cpp`). Codes 0 to 3 stand for a pattern and 20 or 32 bytes;
 * 4 and 5 are Core's for uncompressed keys, which we never write (their point would have to be computed back);
 * any other script is its length + 6, and its bytes.
 */
const PUBLIC_KEY_HASH = 0
const SCRIPT_HASH = 1
const EVEN_KEY = 2
const ODD_KEY = 3
const SPECIAL_CODES = 6

/** Appends a script, shortened where it has one of the common patterns. */
export function writeCompressedScript(writer: ByteWriter, script: Uint8Array): void {
  const keyHash = publicKeyHashOf(script)
  const scriptHash = scriptHashOf(script)
  if (keyHash) writePattern(writer, PUBLIC_KEY_HASH, keyHash)
  else if (scriptHash) writePattern(writer, SCRIPT_HASH, scriptHash)
  else if (isCompressedKeyScript(script)) writePattern(writer, script[1]!, script.subarray(2, 34))
  else writePattern(writer, script.length + SPECIAL_CODES, script)
}

/** Reads a script, which does not refer to the reader's bytes. @throws {DecodeError} */
export function readCompressedScript(reader: ByteReader): Uint8Array {
  const code = readVarint(reader)
  if (code >= SPECIAL_CODES) return reader.readBytes(code - SPECIAL_CODES).slice()
  if (code === PUBLIC_KEY_HASH) {
    return scriptAround(reader.readBytes(20), [OP.DUP, OP.HASH160, 20], [OP.EQUALVERIFY, OP.CHECKSIG])
  }
  if (code === SCRIPT_HASH) return scriptAround(reader.readBytes(20), [OP.HASH160, 20], [OP.EQUAL])
  if (code === EVEN_KEY || code === ODD_KEY) {
    return scriptAround(reader.readBytes(32), [33, code], [OP.CHECKSIG])
  }
  throw new DecodeError('a script compression that is not in use')
}

function scriptAround(data: Uint8Array, before: readonly number[], after: readonly number[]): Uint8Array {
  const script = new Uint8Array(before.length + data.length + after.length)
  script.set(before)
  script.set(data, before.length)
  script.set(after, before.length + data.length)
  return script
}

function writePattern(writer: ByteWriter, code: number, bytes: Uint8Array): void {
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
