import type { Chain } from '@onehop/chain'
import { blockHashToHex, type HeaderNode } from '@onehop/ledger'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BLOCK_HASH } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'

const TIMEOUT = {
  type: 'integer',
  default: 0,
  description: 'milliseconds after which the tip of that moment is the answer; 0 for never',
} as const
/** Milliseconds: what a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

function checkTimeout(timeoutMs: number): void {
  if (timeoutMs < 0) throw new RpcError(RPC_CODE.miscError, 'Negative timeout')
}

/** The tip as soon as it is as wished, or when the time is over or nobody listens any more. */
export function tipWhen(
  chain: Chain,
  isWished: (tip: HeaderNode) => boolean,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HeaderNode> {
  checkTimeout(timeoutMs)
  if (isWished(chain.tip) || signal.aborted) return Promise.resolve(chain.tip)
  return new Promise(resolve => {
    const finish = () => {
      stopListening()
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve(chain.tip)
    }
    const stopListening = chain.on('tip', tip => {
      if (isWished(tip)) finish()
    })
    const timer = timeoutMs === 0 ? undefined : setTimeout(finish, Math.min(timeoutMs, MAX_TIMER_MS))
    signal.addEventListener('abort', finish)
  })
}

function tipJson({ hash, height }: HeaderNode) {
  return { hash: blockHashToHex(hash), height }
}

/** Calls that answer when the tip has moved: bitcoind's. */
export function waitMethods({ chain }: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'waitfornewblock',
      category: 'Blockchain',
      summary: 'Waits for another tip than there is, or than the one that is named.',
      params: { timeout: TIMEOUT, current_tip: { ...BLOCK_HASH, optional: true } },
      handler: async ({ timeout, current_tip }, { signal }) => {
        const before = current_tip ?? blockHashToHex(chain.tip.hash)
        return tipJson(await tipWhen(chain, ({ hash }) => blockHashToHex(hash) !== before, timeout, signal))
      },
    }),
    defineMethod({
      name: 'waitforblock',
      category: 'Blockchain',
      summary: 'Waits for a block to be the tip.',
      params: { blockhash: BLOCK_HASH, timeout: TIMEOUT },
      handler: async ({ blockhash, timeout }, { signal }) =>
        tipJson(await tipWhen(chain, ({ hash }) => blockHashToHex(hash) === blockhash, timeout, signal)),
    }),
    defineMethod({
      name: 'waitforblockheight',
      category: 'Blockchain',
      summary: 'Waits for a tip of at least a height.',
      params: { height: { type: 'integer' }, timeout: TIMEOUT },
      handler: async ({ height, timeout }, { signal }) =>
        tipJson(await tipWhen(chain, tip => tip.height >= height, timeout, signal)),
    }),
  ]
}
