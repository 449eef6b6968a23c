const STATES = 256

/**
 * The stream cipher RC4, which BitTorrent's encryption asks for and OpenSSL no longer has. It hides what goes over a
 * line from those who shape traffic; it keeps no secret from anybody who tries.
 */
export class Rc4 {
  private readonly state = new Uint8Array(STATES)
  private i = 0
  private j = 0

  constructor(key: Uint8Array) {
    const { state } = this
    for (let i = 0; i < STATES; i++) state[i] = i
    for (let i = 0, j = 0; i < STATES; i++) {
      const value = state[i]!
      j = (j + value + key[i % key.length]!) & 0xff
      state[i] = state[j]!
      state[j] = value
    }
  }

  /** Encrypts or decrypts, in place. */
  apply(bytes: Uint8Array): void {
    const { state } = this
    let { i, j } = this
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 0xff
      const a = state[i]!
      j = (j + a) & 0xff
      const b = state[j]!
      state[i] = b
      state[j] = a
      bytes[at] = bytes[at]! ^ state[(a + b) & 0xff]!
    }
    this.i = i
    this.j = j
  }

  /** Throws away the beginning of the key stream. */
  skip(count: number): void {
    this.apply(new Uint8Array(count))
  }
}
