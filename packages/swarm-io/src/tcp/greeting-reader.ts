import type { TcpConnection } from './tcp-connection.ts'

/** Reads how a connection begins, so many bytes at a time. Who comes after it gets what it has not taken. */
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

  /** Puts back what was not taken. */
  release(): void {
    this.connection.unread(this.read)
    this.read = new Uint8Array(0)
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.connection.onClose(error => reject(error ?? new Error('the connection was closed')))
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
