const FNV_PRIME = 0x01000193
const OTHER_PRIME = 0x85ebca6b

/** A running 64-bit hash (two of 32 bits) of everything that happened. Not cryptographic. */
export class TraceHash {
  private a = 0x811c9dc5 | 0
  private b = 0x9747b28c | 0

  /** A message was sent, or arrived. All four are 32-bit integers. */
  addMessage(timeMs: number, node: number, peer: number, bytes: number): void {
    let a = Math.imul(this.a ^ timeMs, FNV_PRIME)
    let b = Math.imul(this.b ^ node, OTHER_PRIME)
    a = Math.imul(a ^ (a >>> 15) ^ peer, OTHER_PRIME)
    b = Math.imul(b ^ (b >>> 13) ^ bytes, FNV_PRIME)
    this.a = a ^ (a >>> 16) ^ b
    this.b = b ^ (b >>> 14) ^ (a << 7)
  }

  addBytes(bytes: Uint8Array): void {
    let { a } = this
    for (let i = 0; i < bytes.length; i++) a = Math.imul(a ^ bytes[i]!, FNV_PRIME)
    this.a = a
    this.addMessage(bytes.length, 0, 0, 0)
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return [this.a, this.b].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
