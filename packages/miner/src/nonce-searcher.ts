import { NonceKernel } from '@onehop/accelerators'
import { sha256d } from '@onehop/primitives'

/** Port: refutes most nonces of a header. What it finds is to be checked. */
export interface NonceSearcher {
  /**
   * Sets the header that is searched from now on.
   * @param header 80 bytes; its nonce does not matter.
   * @param highestTop the target's top 32 bits.
   */
  setHeader(header: Uint8Array, highestTop: number): void
  /**
   * @returns a nonce; one of it and the three that follow may give a hash whose top 32 bits are low enough. Those from
   * `start` up to it do not, or up to `end` when it is undefined.
   */
  search(start: number, end: number): number | undefined
}

/** In a header's 80 bytes. */
export const NONCE_OFFSET = 76
const TOP_OFFSET = 28

/** Hash after hash, for a machine without the kernel. */
export class HashingSearcher implements NonceSearcher {
  private readonly hash: (message: Uint8Array) => Uint8Array
  private header = new DataView(new ArrayBuffer(0))
  private bytes = new Uint8Array(0)
  private highestTop = 0

  /** @param hash double SHA-256. */
  constructor(hash = sha256d) {
    this.hash = hash
  }

  setHeader(header: Uint8Array, highestTop: number): void {
    this.bytes = header.slice()
    this.header = new DataView(this.bytes.buffer)
    this.highestTop = highestTop
  }

  search(start: number, end: number): number | undefined {
    for (let nonce = start; nonce < end; nonce++) {
      this.header.setUint32(NONCE_OFFSET, nonce, true)
      if (topOf(this.hash(this.bytes)) <= this.highestTop) return nonce
    }
    return undefined
  }
}

/** The top 32 bits of the number that a hash stands for. */
export function topOf(hash: Uint8Array): number {
  return new DataView(hash.buffer, hash.byteOffset + TOP_OFFSET, 4).getUint32(0, true)
}

function createSearcher(): NonceSearcher {
  try {
    return new NonceKernel()
  } catch {
    // No WebAssembly or no SIMD: accelerate() says so of the hashes.
    return new HashingSearcher()
  }
}

let searcher: NonceSearcher | undefined

/** The fastest that runs here; one for the whole thread, so that its header is to be set anew after others had their turn. */
export function fastestSearcher(): NonceSearcher {
  searcher ??= createSearcher()
  return searcher
}
