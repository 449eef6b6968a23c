import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** SHA-256 twice of a message that comes in pieces, too long to be held at once. */
export class Sha256dStream {
  private readonly hash = nobleSha256.create()

  write(bytes: Uint8Array): void {
    this.hash.update(bytes)
  }

  /** 32 bytes. Nothing can be written after it. */
  digest(): Uint8Array {
    return nobleSha256(this.hash.digest())
  }
}
