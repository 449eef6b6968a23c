import { RPC_CODE, RpcError } from './errors.ts'
import { helpMethod } from './help.ts'
import type { RpcContext, RpcMethod } from './method.ts'
import type { RawParams } from './params.ts'

/** What a {@link RpcDispatcher} is made of. */
export interface DispatcherOptions {
  readonly methods: readonly RpcMethod[]
  /** Why the node does not answer yet, e.g. `Loading block index…`; undefined once it does. */
  readonly warmUp?: () => string | undefined
  /** Awaited before a result leaves: what the method saw must not turn out never to have been. */
  readonly beforeAnswer?: () => Promise<void>
  /** Told of exceptions that are bugs; the client learns only that there was one. */
  readonly onInternalError?: (error: unknown, method: string) => void
}

/** Finds a call's method and runs it: the same for HTTP and for calls inside the process. */
export class RpcDispatcher {
  private readonly methods = new Map<string, RpcMethod>()
  private readonly warmUp: () => string | undefined
  private readonly beforeAnswer: () => Promise<void>
  private readonly onInternalError: (error: unknown, method: string) => void

  constructor(options: DispatcherOptions) {
    const { methods, warmUp, beforeAnswer, onInternalError } = options
    this.warmUp = warmUp ?? (() => undefined)
    this.beforeAnswer = beforeAnswer ?? (async () => undefined)
    this.onInternalError = onInternalError ?? (() => undefined)
    for (const method of [helpMethod(() => this.methods.values()), ...methods]) {
      this.methods.set(method.name, method)
    }
  }

  /** Why the node does not answer yet; undefined once it does. */
  warmUpReason(): string | undefined {
    return this.warmUp()
  }

  /** Runs a method. @throws {RpcError} and nothing else: what a handler throws by mistake becomes code -1. */
  async call(name: string, params: RawParams, context: RpcContext): Promise<unknown> {
    const method = this.methods.get(name)
    const reason = this.warmUp()
    if (reason !== undefined && !method?.availableInWarmUp) throw new RpcError(RPC_CODE.inWarmUp, reason)
    if (method === undefined) throw new RpcError(RPC_CODE.methodNotFound, 'Method not found')
    try {
      const result = await method.invoke(params, context)
      await this.beforeAnswer()
      return result
    } catch (error) {
      if (error instanceof RpcError) throw error
      this.onInternalError(error, name)
      throw new RpcError(RPC_CODE.miscError, 'internal error')
    }
  }
}
