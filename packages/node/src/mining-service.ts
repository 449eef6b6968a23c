import type { Chain } from '@onehop/chain'
import { type Block, blockHashToHex, parseBlock, serializeBlock } from '@onehop/ledger'
import { IntervalMiner, mineBlock } from '@onehop/miner'
import { attemptDecode } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { Logger } from './log.ts'

/** What blocks are built on, and whom they pay. */
export interface MiningServiceOptions {
  readonly chain: Chain
  /** Script that the interval miner's coinbases pay. */
  readonly script: () => Uint8Array
  readonly log: Logger
}

interface RunningMiner {
  readonly miner: IntervalMiner
  readonly intervalMs: number
  readonly stopListening: () => void
}

/** Mines on demand and at an interval, and hands in blocks that others mined. */
export class MiningService {
  private readonly chain: Chain
  private readonly script: () => Uint8Array
  private readonly log: Logger
  private running: RunningMiner | undefined

  constructor({ chain, script, log }: MiningServiceOptions) {
    this.chain = chain
    this.script = script
    this.log = log
  }

  /** Milliseconds between blocks; undefined when it does not mine by itself. */
  get intervalMs(): number | undefined {
    return this.running?.intervalMs
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

  /**
   * Mines a block whenever the tip is so many milliseconds old, from now on.
   * @param spread lets the interval vary by half, so that several miners of one network seldom find a block at once.
   */
  async startInterval(intervalMs: number, spread = false): Promise<void> {
    await this.stopInterval()
    const miner = new IntervalMiner({
      createTemplate: () => this.chain.createTemplate(this.script()),
      submit: (block: Block) => this.chain.acceptBlock(serializeBlock(block)),
      intervalMs,
      onError: error => this.log.error({ error: String(error) }, 'mining failed'),
      ...(spread ? { random: Math.random } : {}),
    })
    const stopListening = this.chain.on('tip', () => miner.onNewTip())
    this.running = { miner, intervalMs, stopListening }
    miner.start()
  }

  async stopInterval(): Promise<void> {
    const { running } = this
    this.running = undefined
    running?.stopListening()
    await running?.miner.stop()
  }
}
