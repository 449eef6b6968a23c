import { concatBytes, type HashBackend, type Sha256 } from '@onehop/primitives'
import { BLOCK_LENGTH, HASH_LENGTH } from './constants.ts'
import { LANES, LAYOUT, PADDING_ROOM_BYTES } from './hash-layout.ts'
import { type HashExports, instantiateHashModule } from './hash-module.ts'
import { MAX_LANE_BLOCKS, PAIRS_AT_ONCE } from './limits.ts'
import { chooseRipemd160, nativeHashInto, nativeSha256 } from './native-hash.ts'
import { createMemory } from './web-assembly.ts'

/** Of 64 KiB: the tables, and {@link PAIRS_AT_ONCE}. */
const MEMORY_PAGES = 5
/** The longest message that fits into one block with its padding. */
const ONE_BLOCK_BYTES = 55

const blocksOf = (length: number): number => (length + 72) >>> 6

/**
 * SHA-256 by the kernels of {@link instantiateHashModule}: short messages one by one, many equally long ones four at a
 * time. A single longer one goes to Node's OpenSSL, which is faster there.
 */
export class WasmHashes implements HashBackend {
  readonly name = 'WASM SIMD'
  readonly ripemd160 = chooseRipemd160()
  private readonly memory: Uint8Array
  private readonly kernels: HashExports
  private readonly firstHash = new Uint8Array(HASH_LENGTH)

  /** @throws where there is no WebAssembly or no SIMD. */
  constructor() {
    const memory = createMemory(MEMORY_PAGES)
    this.memory = new Uint8Array(memory.buffer)
    this.kernels = instantiateHashModule(memory, MEMORY_PAGES)
  }

  readonly sha256: Sha256 = message => {
    if (message.length > ONE_BLOCK_BYTES) return nativeSha256(message)
    this.memory.set(message, LAYOUT.input)
    this.kernels.hash(LAYOUT.initialState, message.length, message.length)
    return this.output(0)
  }

  readonly sha256d: Sha256 = message => {
    if (message.length > ONE_BLOCK_BYTES) {
      nativeHashInto(message, this.firstHash, 0)
      return nativeSha256(this.firstHash)
    }
    this.memory.set(message, LAYOUT.input)
    this.kernels.hashTwice(message.length)
    return this.output(0)
  }

  sha256After(prefix: Uint8Array): Sha256 {
    this.memory.set(prefix, LAYOUT.input)
    this.kernels.compress(LAYOUT.initialState)
    const midstate = this.memory.slice(LAYOUT.midstate, LAYOUT.midstate + HASH_LENGTH)
    return message => {
      if (message.length > ONE_BLOCK_BYTES) return nativeSha256(concatBytes(prefix, message))
      this.memory.set(midstate, LAYOUT.midstate)
      this.memory.set(message, LAYOUT.input)
      this.kernels.hash(LAYOUT.midstate, message.length, BLOCK_LENGTH + message.length)
      return this.output(0)
    }
  }

  sha256dMany(messages: readonly Uint8Array[]): Uint8Array[] {
    const hashes = Array<Uint8Array>(messages.length)
    for (const [blocks, indices] of groupByBlocks(messages)) {
      const inLanes = blocks <= MAX_LANE_BLOCKS && indices.length > 1
      if (inLanes) this.hashInLanes(messages, indices, blocks, hashes)
      else for (const i of indices) hashes[i] = this.sha256d(messages[i]!)
    }
    return hashes
  }

  merkleParents(children: Uint8Array): Uint8Array {
    const parents = new Uint8Array(children.length / 2)
    const step = PAIRS_AT_ONCE * BLOCK_LENGTH
    for (let at = 0; at < children.length; at += step) {
      const part = children.subarray(at, at + step)
      this.memory.set(part, LAYOUT.input)
      this.kernels.hashPairs(Math.ceil(part.length / BLOCK_LENGTH / LANES))
      parents.set(this.memory.subarray(LAYOUT.input, LAYOUT.input + part.length / 2), at / 2)
    }
    return parents
  }

  /** Double hashes of those messages that `indices` names; each has so many blocks. */
  private hashInLanes(
    messages: readonly Uint8Array[],
    indices: readonly number[],
    blocks: number,
    hashes: Uint8Array[],
  ): void {
    const stride = blocks * BLOCK_LENGTH + PADDING_ROOM_BYTES
    const lengths: [number, number, number, number] = [0, 0, 0, 0]
    for (let i = 0; i < indices.length; i += LANES) {
      const lanes = Math.min(LANES, indices.length - i)
      // Lanes that are left over hash what they had before.
      for (let lane = 0; lane < lanes; lane++) {
        const message = messages[indices[i + lane]!]!
        this.memory.set(message, LAYOUT.input + lane * stride)
        lengths[lane] = message.length
      }
      this.kernels.hashFour(...lengths, blocks, stride)
      for (let lane = 0; lane < lanes; lane++) hashes[indices[i + lane]!] = this.output(lane)
    }
  }

  /** A copy of the hash of one lane. */
  private output(lane: number): Uint8Array {
    const at = LAYOUT.output + lane * HASH_LENGTH
    return this.memory.slice(at, at + HASH_LENGTH)
  }
}

/** Counts of blocks, and the indices of the messages that fill so many. */
function groupByBlocks(messages: readonly Uint8Array[]): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>()
  for (let i = 0; i < messages.length; i++) {
    const blocks = blocksOf(messages[i]!.length)
    const group = groups.get(blocks)
    if (group === undefined) groups.set(blocks, [i])
    else group.push(i)
  }
  return groups
}
