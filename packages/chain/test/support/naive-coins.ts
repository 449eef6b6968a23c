/**
 * The set of coins by replay, as plainly as it can be written: a Map by hex that blocks are played into from the first
 * one on. Takes nothing from the code under test but the parser's transactions.
 */
import { createHash } from 'node:crypto'
import { type Block, serializeBlock, type Transaction } from '@onehop/ledger'

interface NaiveCoin {
  readonly outPoint: Buffer
  readonly code: number
  readonly value: bigint
  readonly script: Uint8Array
}

const MAX_SCRIPT_BYTES = 10_000
const OP_RETURN = 0x6a

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

function outPointOf(txid: Uint8Array, index: number): Buffer {
  const bytes = Buffer.alloc(36)
  bytes.set(txid)
  bytes.writeUInt32LE(index, 32)
  return bytes
}

/** In the order of Core's `hash_serialized_3`: the id's bytes, then the index as a number. */
function compareCoins(a: NaiveCoin, b: NaiveCoin): number {
  const byId = Buffer.compare(a.outPoint.subarray(0, 32), b.outPoint.subarray(0, 32))
  return byId === 0 ? a.outPoint.readUInt32LE(32) - b.outPoint.readUInt32LE(32) : byId
}

function serialize({ outPoint, code, value, script }: NaiveCoin): Buffer {
  const middle = Buffer.alloc(4 + 8 + 3)
  middle.writeUInt32LE(code)
  middle.writeBigInt64LE(value, 4)
  if (script.length >= 0xfd) throw new Error('scripts of the tests are short')
  middle.writeUInt8(script.length, 12)
  return Buffer.concat([outPoint, middle.subarray(0, 13), script])
}

/** Coins after some blocks. */
export class NaiveCoins {
  private readonly coins: Map<string, NaiveCoin>
  private readonly height: number

  /** The coins of the network's first block: none. */
  constructor(coins = new Map<string, NaiveCoin>(), height = 0) {
    this.coins = coins
    this.height = height
  }

  /** The coins after one more block. */
  after({ transactions }: Block): NaiveCoins {
    const coins = new Map(this.coins)
    const height = this.height + 1
    transactions.forEach((transaction, position) => {
      if (position > 0) spend(transaction, coins)
      create(transaction, height * 2 + (position === 0 ? 1 : 0), coins)
    })
    return new NaiveCoins(coins, height)
  }

  /** Core's `hash_serialized_3`, in internal order, as hex. */
  hash(): string {
    const sorted = [...this.coins.values()].sort(compareCoins)
    return sha256(sha256(Buffer.concat(sorted.map(serialize)))).toString('hex')
  }
}

function spend({ inputs }: Transaction, coins: Map<string, NaiveCoin>): void {
  for (const { previousOutput } of inputs) {
    const key = outPointOf(previousOutput.txid, previousOutput.index).toString('hex')
    if (!coins.delete(key)) throw new Error('the model does not know a coin that is spent')
  }
}

function create({ txid, outputs }: Transaction, code: number, coins: Map<string, NaiveCoin>): void {
  outputs.forEach(({ value, scriptPubKey: script }, index) => {
    if (script[0] === OP_RETURN || script.length > MAX_SCRIPT_BYTES) return
    const outPoint = outPointOf(txid, index)
    coins.set(outPoint.toString('hex'), { outPoint, code, value, script })
  })
}

/** The coins after each of many blocks, which may be on any branch; worked out when they are asked for. */
export class NaiveReplay {
  private readonly blocks = new Map<string, Block>()
  private readonly coins: Map<string, NaiveCoins>

  /** @param genesisHash of the network's first block. */
  constructor(genesisHash: Uint8Array) {
    this.coins = new Map([[Buffer.from(genesisHash).toString('hex'), new NaiveCoins()]])
  }

  add(block: Block): void {
    this.blocks.set(Buffer.from(block.hash).toString('hex'), block)
  }

  /** The serialised block as hex. */
  blockBytes(hash: Uint8Array): string | undefined {
    const block = this.blocks.get(Buffer.from(hash).toString('hex'))
    return block && Buffer.from(serializeBlock(block)).toString('hex')
  }

  /** @param hash of a block that was added, as were all before it. */
  at(hash: Uint8Array): NaiveCoins {
    const path: Block[] = []
    let key = Buffer.from(hash).toString('hex')
    let coins = this.coins.get(key)
    while (coins === undefined) {
      const block = this.blocks.get(key)
      if (block === undefined) throw new Error(`the model does not know block ${key}`)
      path.push(block)
      key = Buffer.from(block.header.previousBlock).toString('hex')
      coins = this.coins.get(key)
    }
    for (const block of path.reverse()) {
      coins = coins.after(block)
      this.coins.set(Buffer.from(block.hash).toString('hex'), coins)
    }
    return coins
  }

  /** Forgets the coins of all blocks but one, which others will build on. */
  keepOnly(hash: Uint8Array): void {
    const kept = this.at(hash)
    this.coins.clear()
    this.coins.set(Buffer.from(hash).toString('hex'), kept)
  }
}
