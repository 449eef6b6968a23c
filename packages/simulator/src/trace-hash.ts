const FNV_PRIME = 0x01000193
const TWO_TO_32 = 0x1_0000_0000

/** A running 64-bit hash (two FNV-1a of 32 bits) of everything that happened. Not cryptographic. */
export class TraceHash {
  private a = 0x811c9dc5
  private b = 0x9747b28c

  add(value: number): void {
    const low = value | 0
    const high = Math.floor(value / TWO_TO_32) | 0
    this.a = Math.imul(this.a ^ low, FNV_PRIME)
    this.b = Math.imul(Math.imul(this.b ^ high, FNV_PRIME) ^ low, FNV_PRIME)
    this.a ^= this.a >>> 15
    this.b ^= this.b >>> 13
  }

  addBytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.a = Math.imul(this.a ^ byte, FNV_PRIME)
    this.add(bytes.length)
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return [this.a, this.b].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
