import type { Chain } from '@onehop/chain'
import { type Block, blockHashToHex, parseBlock, serializeBlock } from '@onehop/ledger'
import { IntervalMiner, mineBlock } from '@onehop/miner'
import { attemptDecode } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { Logger } from './log.ts'

export interface MiningServiceOptions {
  readonly chain: Chain
  /** Script that the interval miner's coinbases pay. */
  readonly script: () => Uint8Array
  readonly log: Logger
}

/** Mines on demand and at an interval, and hands in blocks that others mined. */
export class MiningService {
  private readonly chain: Chain
  private readonly script: () => Uint8Array
  private readonly log: Logger
  private intervalMiner: IntervalMiner | undefined
  private currentIntervalMs: number | undefined

  constructor({ chain, script, log }: MiningServiceOptions) {
    this.chain = chain
    this.script = script
    this.log = log
  }

  /** Milliseconds between blocks; undefined when it does not mine by itself. */
  get intervalMs(): number | undefined {
    return this.currentIntervalMs
  }

  /** Mines so many blocks, one on the other. @returns their hashes. */
  async generate(count: number, script: Uint8Array, signal: AbortSignal): Promise<string[]> {
    const hashes: string[] = []
    while (hashes.length < count) {
      const block = await mineBlock(this.chain.createTemplate(script), { signal })
      const verdict = await this.chain.acceptBlock(serializeBlock(block))
      if (!verdict.ok) throw new RpcError(RPC_CODE.verifyError, verdict.code)
      hashes.push(blockHashToHex(block.header.hash))
    }
    return hashes
  }

  /** Takes a block from outside. @returns null, or bitcoind's word for why not. */
  async submit(bytes: Uint8Array): Promise<string | null> {
    const block = attemptDecode('Block decode failed', () => parseBlock(bytes))
    if (!block.ok) throw new RpcError(RPC_CODE.deserializationError, block.code)
    if (this.chain.hasBlock(block.value.header.hash)) return 'duplicate'
    const verdict = await this.chain.acceptBlock(bytes)
    return verdict.ok ? null : verdict.code
  }

  /** Mines a block each so many milliseconds from now on. */
  startInterval(intervalMs: number): void {
    const replaced = this.stopInterval()
    this.currentIntervalMs = intervalMs
    this.intervalMiner = new IntervalMiner({
      createTemplate: () => this.chain.createTemplate(this.script()),
      submit: (block: Block) => this.chain.acceptBlock(serializeBlock(block)),
      intervalMs,
      onError: error => this.log.error({ error: String(error) }, 'mining failed'),
    })
    const miner = this.intervalMiner
    void replaced.then(() => miner.start())
  }

  async stopInterval(): Promise<void> {
    const miner = this.intervalMiner
    this.intervalMiner = undefined
    this.currentIntervalMs = undefined
    await miner?.stop()
  }
}
