/** Writes what the first release of onehop left on a disk, byte by byte, from what is known of its format. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Block,
  REGTEST,
  serializeBlock,
  serializeCoin,
  serializeHeader,
  serializeUndo,
} from '@onehop/ledger'
import { ByteWriter, concatBytes, sha256d, utf8Encode } from '@onehop/primitives'
import { DiskStorage, type KeyValueChange } from '../../src/index.ts'

type SpentCoin = Parameters<typeof serializeCoin>[0]

interface Place {
  readonly offset: number
  readonly lengthBytes: number
}

/** A file of records: magic, length, payload, trailer. */
class RecordFile {
  private bytes: Uint8Array = new Uint8Array(0)

  append(payload: Uint8Array, trailer: Uint8Array = new Uint8Array(0)): Place {
    const offset = this.bytes.length + 8
    const head = new ByteWriter(8).writeBytes(REGTEST.magic).writeUint32(payload.length).toBytes()
    this.bytes = concatBytes(this.bytes, head, payload, trailer)
    return { offset, lengthBytes: payload.length + trailer.length }
  }

  async write(path: string): Promise<Uint8Array> {
    await writeFile(path, this.bytes)
    return new ByteWriter(8).writeUint32(0).writeUint32(this.bytes.length).toBytes()
  }
}

function entryOf(block: Block, height: number, places: readonly Place[]): KeyValueChange {
  const value = new ByteWriter().writeBytes(serializeHeader(block.header)).writeUint32(height)
  // Has a block; has undo data.
  value.writeUint8(places.length === 2 ? 1 | 2 : 1)
  for (const { offset, lengthBytes } of places)
    value.writeUint32(0).writeUint32(offset).writeUint32(lengthBytes)
  return { key: concatBytes(utf8Encode('H'), block.hash), value: value.toBytes() }
}

function coinKey(txid: Uint8Array, index: number): Uint8Array {
  return new ByteWriter().writeBytes(utf8Encode('C')).writeBytes(txid).writeUint32BE(index).toBytes()
}

/**
 * @param chain blocks of the active chain above the first one, whose transactions spend nothing but coinbases of it.
 * @param aside blocks that were stored and never connected, with their heights.
 */
export async function writeVersion1(
  datadir: string,
  chain: readonly Block[],
  aside: readonly (readonly [Block, number])[],
): Promise<void> {
  const blocks = new RecordFile()
  const undos = new RecordFile()
  const coins = new Map<string, readonly [Uint8Array, SpentCoin]>()
  const changes: KeyValueChange[] = []
  let parent: Block | undefined
  for (const [height, block] of [REGTEST.genesis, ...chain].entries()) {
    const places = [blocks.append(serializeBlock(block))]
    if (parent !== undefined) {
      const spent = block.transactions.slice(1).map(({ inputs }) =>
        inputs.map(({ previousOutput }) => {
          const key = coinKey(previousOutput.txid, previousOutput.index)
          const [, coin] = coins.get(String(key)) ?? []
          coins.delete(String(key))
          if (coin === undefined) throw new Error('the fixture spends what is not there')
          return coin
        }),
      )
      const undo = serializeUndo({ spent })
      places.push(undos.append(undo, sha256d(concatBytes(parent.hash, undo))))
      for (const [position, { txid, outputs }] of block.transactions.entries())
        for (const [index, output] of outputs.entries())
          if (output.scriptPubKey[0] !== 0x6a)
            coins.set(String(coinKey(txid, index)), [
              coinKey(txid, index),
              { output, height, coinbase: position === 0 },
            ])
    }
    changes.push(entryOf(block, height, places))
    parent = block
  }
  for (const [block, height] of aside)
    changes.push(entryOf(block, height, [blocks.append(serializeBlock(block))]))
  for (const [key, coin] of coins.values()) changes.push({ key, value: serializeCoin(coin) })
  await mkdir(join(datadir, 'blocks'), { recursive: true })
  const meta = (name: string, value: Uint8Array) => changes.push({ key: utf8Encode(name), value })
  meta('Mformat', Uint8Array.of(1, 0, 0, 0))
  meta('Mgenesis', REGTEST.genesis.hash)
  meta('Mbest', parent?.hash ?? REGTEST.genesis.hash)
  meta('Mblk', await blocks.write(join(datadir, 'blocks', 'blk00000.dat')))
  meta('Mrev', await undos.write(join(datadir, 'blocks', 'rev00000.dat')))
  const storage = await DiskStorage.open(datadir)
  await storage.values.write(changes)
  await storage.close()
}
