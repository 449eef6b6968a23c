import { bytesKey } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { BlockScan } from './block-scan.ts'
import { CoinScan } from './coin-scan.ts'
import { scriptsOfDescriptor } from './descriptor-methods.ts'
import { checkFilterType } from './index-methods.ts'
import type { MethodContext } from './method-context.ts'
import { Scans } from './scans.ts'

const ACTION = { type: 'string', description: 'start, status or abort' } as const
const SCAN_OBJECTS = {
  type: 'array',
  optional: true,
  description: 'descriptors: addr(…), raw(…), combo(…) and others with keys in hexadecimal',
} as const

/** The scripts that scan objects stand for. @throws {RpcError} as Core for one that is none. */
function scriptsToFind(objects: readonly unknown[] | undefined, { parameters }: MethodContext): Uint8Array[] {
  if (objects === undefined)
    throw new RpcError(RPC_CODE.miscError, 'scanobjects argument is required for the start action')
  return objects.flatMap(object => scriptsOfDescriptor(descriptorOf(object), parameters))
}

function descriptorOf(object: unknown): string {
  if (typeof object === 'string') return object
  if (typeof object !== 'object' || object === null)
    throw new RpcError(RPC_CODE.invalidParameter, 'Scan object needs to be either a string or an object')
  const { desc } = object as { desc?: unknown }
  if (typeof desc === 'string') return desc
  throw new RpcError(RPC_CODE.invalidParameter, 'Descriptor needs to be provided in scan object')
}

/** @throws {RpcError} -1 for heights that are none of the active chain. */
function scannedHeights({ chain }: MethodContext, from: number, to = chain.tip.height) {
  if (chain.nodeAtHeight(from) === undefined) throw new RpcError(RPC_CODE.miscError, 'Invalid start_height')
  if (chain.nodeAtHeight(to) === undefined || to < from)
    throw new RpcError(RPC_CODE.miscError, 'Invalid stop_height')
  return { from, to }
}

/** Searches of all of the chain: bitcoind's calls. */
export function scanMethods(context: MethodContext): RpcMethod[] {
  const coinScans = new Scans()
  const blockScans = new Scans()
  return [
    defineMethod({
      name: 'scantxoutset',
      category: 'Blockchain',
      summary:
        'Finds unspent outputs by descriptors, in all of the chain; or tells how far that is, or ends it.',
      params: { action: ACTION, scanobjects: SCAN_OBJECTS },
      handler: ({ action, scanobjects }, { signal }) =>
        coinScans.answer(
          action,
          () => new CoinScan(context, new Set(scriptsToFind(scanobjects, context).map(bytesKey))),
          signal,
        ),
    }),
    defineMethod({
      name: 'scanblocks',
      category: 'Blockchain',
      summary:
        'Finds blocks that may pay or spend from descriptors, by their filters; wants --blockfilterindex.',
      params: {
        action: ACTION,
        scanobjects: SCAN_OBJECTS,
        start_height: { type: 'integer', default: 0 },
        stop_height: { type: 'integer', optional: true, description: 'default: the tip' },
        filtertype: { type: 'string', default: 'basic', description: 'basic is the only one' },
        options: {
          type: 'object',
          default: {},
          description: 'filter_false_positives: true reads each block and leaves out those that have nothing',
        },
      },
      handler: ({ action, scanobjects, start_height, stop_height, filtertype, options }, { signal }) =>
        blockScans.answer(
          action,
          () => {
            checkFilterType(context, filtertype)
            return new BlockScan(context, {
              ...scannedHeights(context, start_height, stop_height),
              scripts: scriptsToFind(scanobjects, context),
              checksBlocks: options.filter_false_positives === true,
            })
          },
          signal,
        ),
    }),
  ]
}
