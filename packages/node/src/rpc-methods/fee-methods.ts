import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

/** Farthest block that may be asked about, as in bitcoind. */
const MAX_CONFIRMATION_TARGET = 1_008
const MODES: ReadonlySet<string> = new Set(['unset', 'economical', 'conservative'])

/** How fast bitcoind forgets, and how many blocks it counts as one, for near, middle and far targets. */
const HORIZONS = [
  { name: 'short', decay: 0.962, scale: 1, farthest: 12 },
  { name: 'medium', decay: 0.9952, scale: 2, farthest: 48 },
  { name: 'long', decay: 0.99931, scale: 24, farthest: MAX_CONFIRMATION_TARGET },
] as const
/** bitcoind's answer for a range of fee rates in which nothing was counted. */
const NOTHING_COUNTED = {
  startrange: -1,
  endrange: -1,
  withintarget: 0,
  totalconfirmed: 0,
  inmempool: 0,
  leftmempool: 0,
}

function checkTarget(target: number): void {
  if (target >= 1 && target <= MAX_CONFIRMATION_TARGET) return
  throw new RpcError(
    RPC_CODE.invalidParameter,
    `Invalid conf_target, must be between 1 and ${MAX_CONFIRMATION_TARGET}`,
  )
}

function checkMode(mode: string): void {
  if (MODES.has(mode.toLowerCase())) return
  throw new RpcError(
    RPC_CODE.invalidParameter,
    'Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"',
  )
}

/**
 * Fee estimates: bitcoind's calls, with the answers that it gives as long as it has seen too few payments compete for
 * room. On a local chain they never do.
 */
export function feeMethods(_: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'estimatesmartfee',
      category: 'Util',
      summary:
        'What bitcoind says where blocks are never full: that there is nothing to estimate a fee from.',
      params: {
        conf_target: { type: 'integer' },
        estimate_mode: { type: 'string', default: 'economical' },
      },
      handler: ({ conf_target, estimate_mode }) => {
        checkTarget(conf_target)
        checkMode(estimate_mode)
        return { errors: ['Insufficient data or no feerate found'], blocks: 0 }
      },
    }),
    defineMethod({
      name: 'estimaterawfee',
      category: 'Util',
      summary: 'The same for each horizon.',
      params: { conf_target: { type: 'integer' }, threshold: { type: 'number', default: 0.95 } },
      handler: ({ conf_target, threshold }) => {
        checkTarget(conf_target)
        if (threshold < 0 || threshold > 1) throw new RpcError(RPC_CODE.invalidParameter, 'Invalid threshold')
        const horizons = HORIZONS.filter(({ farthest }) => conf_target <= farthest)
        return Object.fromEntries(
          horizons.map(({ name, decay, scale }) => [
            name,
            {
              decay,
              scale,
              fail: NOTHING_COUNTED,
              errors: ['Insufficient data or no feerate found which meets threshold'],
            },
          ]),
        )
      },
    }),
  ]
}
