import { type ParamSpecs, type ParamValues, parseParams, type RawParams } from './params.ts'

/** What a handler knows of the call besides its parameters. */
export interface RpcContext {
  /** Aborted when the client goes away or the server closes: long calls end then. */
  readonly signal: AbortSignal
  /** NAME of a request to `/wallet/NAME`, as bitcoind's clients send it; undefined for `/`. */
  readonly wallet: string | undefined
}

/** A method as the server keeps it: made by {@link defineMethod}. */
export interface RpcMethod {
  readonly name: string
  /** The heading it stands under in `help`, e.g. `Blockchain`. */
  readonly category: string
  readonly summary: string
  readonly params: ParamSpecs
  /** Whether it answers while the node warms up, when others answer -28. */
  readonly availableInWarmUp: boolean
  /** Checks the parameters and runs the handler. @throws {RpcError} */
  invoke(params: RawParams, context: RpcContext): Promise<unknown>
}

/** What {@link defineMethod} takes. */
export interface MethodDefinition<P extends ParamSpecs> {
  readonly name: string
  readonly category?: string
  /** One sentence for `help`. */
  readonly summary: string
  /** Parameters by name, in the order of their positions. */
  readonly params?: P
  readonly availableInWarmUp?: boolean
  /** Returns what JSON can hold, `BitcoinAmount` and bigint included; throws {@link RpcError} to refuse. */
  handler(params: ParamValues<P>, context: RpcContext): unknown
}

/** Declares a method: its handler gets parameters that are checked already, by name and with their types. */
export function defineMethod<const P extends ParamSpecs = Record<never, never>>(
  definition: MethodDefinition<P>,
): RpcMethod {
  const { name, summary, category = 'Other', availableInWarmUp = false } = definition
  const params = definition.params ?? ({} as P)
  return {
    name,
    category,
    summary,
    params,
    availableInWarmUp,
    invoke: async (raw, context) => definition.handler(parseParams(name, params, raw), context),
  }
}
