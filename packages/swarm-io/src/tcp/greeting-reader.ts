import { equalBytes } from '@onehop/primitives'
import { GreetingError } from './greeting-error.ts'
import type { TcpConnection } from './tcp-connection.ts'

/** How a connection begins, read so many bytes at a time. Who comes after it gets what was not taken. */
export class GreetingReader {
  private readonly connection: TcpConnection
  private read = new Uint8Array(0)

  constructor(connection: TcpConnection) {
    this.connection = connection
  }

  /** The next bytes; they stay where they are. Rejects when the connection ends before them. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.read.length < count) await this.more()
    return this.read.subarray(0, count)
  }

  /** The next bytes. Rejects when the connection ends before them. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count)
    this.read = this.read.subarray(count)
    return bytes
  }

  /** Takes everything up to the end of `mark`, which at most `mostBytes` may precede. @throws {GreetingError} */
  async takeThrough(mark: Uint8Array, mostBytes: number): Promise<void> {
    for (let at = 0; at <= mostBytes; at++) {
      const bytes = await this.peek(at + mark.length)
      if (!equalBytes(bytes.subarray(at), mark)) continue
      await this.take(at + mark.length)
      return
    }
    throw new GreetingError('the mark after the padding did not come')
  }

  /** Puts back what was not taken. */
  release(): void {
    this.connection.unread(this.read)
    this.read = new Uint8Array(0)
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.connection.onClose(error => reject(error ?? new GreetingError('the connection was closed')))
      this.connection.onData(bytes => {
        this.connection.onData(undefined)
        this.append(bytes)
        resolve()
      })
    })
  }

  private append(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.read.length + bytes.length)
    joined.set(this.read)
    joined.set(bytes, this.read.length)
    this.read = joined
  }
}
