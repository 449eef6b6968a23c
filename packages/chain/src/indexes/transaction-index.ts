import { HEADER_LENGTH, type TxId } from '@onehop/ledger'
import { ByteReader, ByteWriter, compactSizeLength, concatBytes, utf8Encode } from '@onehop/primitives'
import { decodeStored } from '../errors.ts'
import type { KeyValueChange } from '../storage/port.ts'
import type { ChainIndex, IndexedBlock, IndexedValues } from './chain-index.ts'

/** Where a transaction is. */
export interface TransactionPlace {
  /** Of the block, which was on the active chain. */
  readonly height: number
  /** Bytes of the serialised block before it. */
  readonly offset: number
  readonly lengthBytes: number
}

/** `T` and the transaction's id: height, offset, length, 4 bytes each, little endian. */
const PREFIX = utf8Encode('T')

function keyOf(txid: TxId): Uint8Array {
  return concatBytes(PREFIX, txid)
}

function serializePlace({ height, offset, lengthBytes }: TransactionPlace): Uint8Array {
  return new ByteWriter(12).writeUint32(height).writeUint32(offset).writeUint32(lengthBytes).toBytes()
}

/**
 * Finds any transaction of the active chain by its id (Core's txindex). The coinbase of the network's first block is not
 * in it, as nothing can spend it.
 */
export class TransactionIndex implements ChainIndex {
  readonly name = 'txindex'

  /** Where the transaction is, by what the index had come to when it was last written. */
  find(txid: TxId, values: IndexedValues): TransactionPlace | undefined {
    const bytes = values.get(keyOf(txid))
    if (bytes === undefined) return undefined
    return decodeStored('The transaction index', () => {
      const reader = new ByteReader(bytes)
      return { height: reader.readUint32(), offset: reader.readUint32(), lengthBytes: reader.readUint32() }
    })
  }

  async connect({ node, block }: IndexedBlock): Promise<KeyValueChange[]> {
    if (node.height === 0) return []
    let offset = HEADER_LENGTH + compactSizeLength(block.transactions.length)
    return block.transactions.map(({ txid, totalSize }) => {
      const place = { height: node.height, offset, lengthBytes: totalSize }
      offset += totalSize
      return { key: keyOf(txid), value: serializePlace(place) }
    })
  }

  async disconnect({ block }: IndexedBlock): Promise<KeyValueChange[]> {
    return block.transactions.map(({ txid }) => ({ key: keyOf(txid), value: undefined }))
  }
}
