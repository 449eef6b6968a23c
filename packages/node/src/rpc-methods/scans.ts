import { RPC_CODE, RpcError } from '@onehop/rpc'

/** A search that can be looked at and ended while it runs. */
export interface Scan {
  /** What `status` answers. */
  readonly status: unknown
  run(): Promise<unknown>
  /** Ends it soon; {@link run} tells what was found until then. */
  abort(): void
}

/** Searches of one kind, one at a time, as in bitcoind: who asks again may learn how far it is, or end it. */
export class Scans {
  private running: Scan | undefined

  /** Does what the action says. @throws {RpcError} -8 for others, and for a start while one runs. */
  answer(action: string, start: () => Scan, signal: AbortSignal): unknown {
    if (action === 'status') return this.running?.status ?? null
    if (action === 'abort') return this.abort()
    if (action === 'start') return this.run(start, signal)
    throw new RpcError(RPC_CODE.invalidParameter, `Invalid action '${action}'`)
  }

  private abort(): boolean {
    this.running?.abort()
    return this.running !== undefined
  }

  /** It ends early when nobody listens any more. */
  private async run(start: () => Scan, signal: AbortSignal): Promise<unknown> {
    if (this.running !== undefined) {
      throw new RpcError(
        RPC_CODE.invalidParameter,
        'Scan already in progress, use action "abort" or "status"',
      )
    }
    const scan = start()
    const abort = () => scan.abort()
    signal.addEventListener('abort', abort)
    this.running = scan
    try {
      return await scan.run()
    } finally {
      this.running = undefined
      signal.removeEventListener('abort', abort)
    }
  }
}
