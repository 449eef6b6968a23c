import { blockHashToHex, type HeaderNode } from '@onehop/ledger'
import { bytesKey } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import { blockOf, undoOf } from './block-lookup.ts'
import type { MethodContext } from './method-context.ts'
import type { Scan } from './scans.ts'

/** What a scan goes over, and for what. */
export interface BlockScanRequest {
  readonly scripts: readonly Uint8Array[]
  readonly from: number
  readonly to: number
  /** Whether each block that a filter names is read, and told only if it really has one of the scripts. */
  readonly checksBlocks: boolean
}

/** One pass over the filters of blocks in search of scripts. */
export class BlockScan implements Scan {
  private readonly context: MethodContext
  private readonly request: BlockScanRequest
  private height: number
  private aborted = false

  constructor(context: MethodContext, request: BlockScanRequest) {
    this.context = context
    this.request = request
    this.height = request.from
  }

  /** How far it has come. */
  get status() {
    const { from, to } = this.request
    const share = to === from ? 1 : (this.height - from) / (to - from)
    return { progress: Math.floor(100 * share), current_height: this.height }
  }

  /** Ends it at the next block. */
  abort(): void {
    this.aborted = true
  }

  /** Goes over the filters. @returns what `scanblocks` answers. */
  async run() {
    const { chain } = this.context
    const { from, to } = this.request
    const relevant: string[] = []
    for (this.height = from; this.height <= to && !this.aborted; this.height++) {
      const node = chain.nodeAtHeight(this.height)
      if (node !== undefined && (await this.mayConcern(node))) relevant.push(blockHashToHex(node.hash))
    }
    return {
      from_height: from,
      to_height: this.height - 1,
      relevant_blocks: relevant,
      completed: !this.aborted,
    }
  }

  private async mayConcern(node: HeaderNode): Promise<boolean> {
    const { scripts, checksBlocks } = this.request
    const stored = await this.context.chain.indexes.findFilter(node)
    if (stored === undefined || stored === 'not indexed') {
      throw new RpcError(
        RPC_CODE.miscError,
        'Filter not found. Block filters are still in the process of being indexed.',
      )
    }
    if (!stored.filter.matchesAny(scripts)) return false
    return !checksBlocks || this.concerns(node)
  }

  private async concerns(node: HeaderNode): Promise<boolean> {
    const wanted = new Set(this.request.scripts.map(bytesKey))
    const { transactions } = await blockOf(this.context, node)
    const undo = node.height === 0 ? { spent: [] } : await undoOf(this.context, node)
    const made = transactions.flatMap(({ outputs }) => outputs)
    const spent = undo.spent.flat().map(({ output }) => output)
    return [...made, ...spent].some(({ scriptPubKey }) => wanted.has(bytesKey(scriptPubKey)))
  }
}
