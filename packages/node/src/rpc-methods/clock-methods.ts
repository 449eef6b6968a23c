import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

/** Seconds: the latest time that bitcoind's clock can be set to, 2^63 − 1 nanoseconds. */
const MAX_MOCK_SECONDS = 9_223_372_036

/** The node's clock, for tests: bitcoind's call. */
export function clockMethods({ clock, parameters }: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'setmocktime',
      category: 'Control',
      summary: 'Stops the node’s clock at a time, on regtest only; 0 lets it run again.',
      params: { timestamp: { type: 'integer', description: 'Unix time in seconds' } },
      handler: ({ timestamp }) => {
        if (!parameters.noRetargeting) {
          throw new RpcError(RPC_CODE.miscError, 'setmocktime is for regression testing (-regtest mode) only')
        }
        if (timestamp < 0 || timestamp > MAX_MOCK_SECONDS) {
          throw new RpcError(
            RPC_CODE.invalidParameter,
            `Mocktime must be in the range [0, ${MAX_MOCK_SECONDS}], not ${timestamp}.`,
          )
        }
        clock.mock(timestamp === 0 ? undefined : timestamp)
        return null
      },
    }),
  ]
}
