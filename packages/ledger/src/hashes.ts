import { bytesToHex, DecodeError, hexToBytes, reverseBytes } from '@onehop/primitives'

/** A transaction's id: SHA-256d of its serialisation without witness, 32 bytes, internal order. */
export type TxId = Uint8Array & { readonly __brand: 'TxId' }
/** SHA-256d of a transaction's serialisation with witness (BIP 141), 32 bytes, internal order. */
export type Wtxid = Uint8Array & { readonly __brand: 'Wtxid' }
/** SHA-256d of a block header, 32 bytes, internal order. */
export type BlockHash = Uint8Array & { readonly __brand: 'BlockHash' }

const HASH_BYTES = 32

function hashToHex(hash: Uint8Array): string {
  return bytesToHex(reverseBytes(hash))
}

function hexToHash(hex: string): Uint8Array {
  const bytes = hexToBytes(hex)
  if (bytes.length !== HASH_BYTES) throw new DecodeError('a hash has 64 hexadecimal digits')
  return bytes.reverse()
}

/** As Bitcoin prints it: 64 digits, reversed. */
export function txIdToHex(txid: Uint8Array): string {
  return hashToHex(txid)
}

/** @throws {DecodeError} unless there are 64 hexadecimal digits. */
export function hexToTxId(hex: string): TxId {
  return hexToHash(hex) as TxId
}

/** As Bitcoin prints it: 64 digits, reversed. */
export function blockHashToHex(hash: Uint8Array): string {
  return hashToHex(hash)
}

/** @throws {DecodeError} unless there are 64 hexadecimal digits. */
export function hexToBlockHash(hex: string): BlockHash {
  return hexToHash(hex) as BlockHash
}

/** A short string of the hash for maps: one character a byte. Never shown. */
export function hashKey(hash: Uint8Array): string {
  return String.fromCharCode(...hash)
}
