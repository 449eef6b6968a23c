import { bytesToBigIntLE, sha256d } from '@onehop/primitives'
import { fastestSearcher, NONCE_OFFSET, type NonceSearcher, topOf } from './nonce-searcher.ts'

const NONCES_AT_ONCE = 4

/** Looks for a nonce that solves one header. */
export class HeaderSearch {
  private readonly bytes: Uint8Array
  private readonly nonceView: DataView
  private readonly target: bigint
  private readonly targetTop: number
  private readonly searcher: NonceSearcher

  /**
   * @param header 80 bytes; its nonce does not matter.
   * @param target the highest number that a hash may stand for.
   */
  constructor(header: Uint8Array, target: bigint, searcher: NonceSearcher = fastestSearcher()) {
    this.bytes = header.slice()
    this.nonceView = new DataView(this.bytes.buffer, NONCE_OFFSET, 4)
    this.target = target
    this.targetTop = Number(target >> 224n)
    this.searcher = searcher
  }

  /** To be called before {@link find} whenever others may have used the searcher. */
  begin(): void {
    this.searcher.setHeader(this.bytes, this.targetTop)
  }

  /** The lowest nonce from `start` to `end` − 1 that solves the header. */
  find(start: number, end: number): number | undefined {
    for (let at = start; at < end; at += NONCES_AT_ONCE) {
      const candidate = this.searcher.search(at, end)
      if (candidate === undefined) return undefined
      at = candidate
      for (let nonce = at; nonce < Math.min(at + NONCES_AT_ONCE, end); nonce++) {
        if (this.isSolution(nonce)) return nonce
      }
    }
    return undefined
  }

  /** Nearly all hashes fail on their top 32 bits, without big integers. */
  private isSolution(nonce: number): boolean {
    this.nonceView.setUint32(0, nonce, true)
    const hash = sha256d(this.bytes)
    return topOf(hash) <= this.targetTop && bytesToBigIntLE(hash) <= this.target
  }
}
