import { bytesToHex, DecodeError, hexToBytes, reverseBytes } from '@onehop/primitives'

declare const idKind: unique symbol
type Id<Kind extends string> = Uint8Array & { readonly [idKind]: Kind }

/** Double SHA-256 of a transaction without its witnesses: 32 bytes in internal order. */
export type TxId = Id<'TxId'>
/** Double SHA-256 of a transaction with its witnesses (BIP 141): 32 bytes in internal order. */
export type Wtxid = Id<'Wtxid'>
/** Double SHA-256 of a block header: 32 bytes in internal order. */
export type BlockHash = Id<'BlockHash'>

const HASH_LENGTH = 32

function asHash(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== HASH_LENGTH)
    throw new DecodeError(`a hash has ${HASH_LENGTH} bytes, not ${bytes.length}`)
  return bytes
}

/** Names 32 bytes in internal order a transaction id (no copy). @throws {DecodeError} for another length. */
export function asTxId(bytes: Uint8Array): TxId {
  return asHash(bytes) as TxId
}

/** Names 32 bytes in internal order a block hash (no copy). @throws {DecodeError} for another length. */
export function asBlockHash(bytes: Uint8Array): BlockHash {
  return asHash(bytes) as BlockHash
}

/** The 64 digits that Bitcoin shows for a transaction: the bytes reversed. */
export function txIdToHex(id: TxId | Wtxid): string {
  return bytesToHex(reverseBytes(id))
}

/** @throws {DecodeError} unless it is 64 hexadecimal digits. */
export function hexToTxId(hex: string): TxId {
  return asTxId(hexToBytes(hex).reverse())
}

/** The 64 digits that Bitcoin shows for a block: the bytes reversed. */
export function blockHashToHex(hash: BlockHash): string {
  return bytesToHex(reverseBytes(hash))
}

/** @throws {DecodeError} unless it is 64 hexadecimal digits. */
export function hexToBlockHash(hex: string): BlockHash {
  return asBlockHash(hexToBytes(hex).reverse())
}
