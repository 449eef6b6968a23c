import { availableParallelism } from 'node:os'
import type { Chain } from '@onehop/chain'
import {
  Block,
  blockHashToHex,
  findWitnessCommitment,
  parseBlock,
  serializeBlock,
  TEMPLATE_RESERVED_WEIGHT,
  Transaction,
  WITNESS_NONCE_LENGTH,
} from '@onehop/ledger'
import { IntervalMiner, MiningThreads, mineBlock } from '@onehop/miner'
import { attemptDecode, hexToBytes } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import { searchFresh } from './fresh-search.ts'
import { TEMPLATE_REFRESH_MS } from './limits.ts'
import type { Logger } from './log.ts'

/** Miners of BIP 22 may leave out the coinbase's witness, whose one item is then 32 zeros. */
function withWitnessNonce(block: Block): Block {
  const [coinbase, ...others] = block.transactions
  const [input] = coinbase?.inputs ?? []
  if (!coinbase || !input || input.witness.length > 0 || findWitnessCommitment(coinbase) === undefined)
    return block
  const inputs = [{ ...input, witness: [new Uint8Array(WITNESS_NONCE_LENGTH)] }]
  const { version, outputs, lockTime } = coinbase
  return new Block(block.header, [new Transaction({ version, inputs, outputs, lockTime }), ...others])
}

/** What blocks are built on, and whom they pay. */
export interface MiningServiceOptions {
  readonly chain: Chain
  /** Script that the interval miner's coinbases pay. */
  readonly script: () => Uint8Array
  readonly log: Logger
}

/** How large a template is. */
export interface TemplateSize {
  /** With what is reserved for the header and the coinbase. */
  readonly weight: number
  /** Without the coinbase. */
  readonly transactions: number
}

interface RunningMiner {
  readonly miner: IntervalMiner
  readonly intervalMs: number
  readonly stopListening: () => void
}

/** Threads that mine where a block takes more than an instant: all but the one that the node itself needs. */
const MINING_THREADS = Math.max(1, availableParallelism() - 1)

/** Mines on demand and at an interval, and hands in blocks that others mined. */
export class MiningService {
  private readonly chain: Chain
  private readonly script: () => Uint8Array
  private readonly log: Logger
  private readonly threads: MiningThreads
  private running: RunningMiner | undefined
  private last: TemplateSize | undefined

  constructor({ chain, script, log }: MiningServiceOptions) {
    this.chain = chain
    this.script = script
    this.log = log
    this.threads = new MiningThreads({ count: MINING_THREADS, onTrouble: message => log.warn(message) })
  }

  /** Milliseconds between blocks; undefined when it does not mine by itself. */
  get intervalMs(): number | undefined {
    return this.running?.intervalMs
  }

  /** What the last template was made of; undefined before there was one. */
  get lastTemplate(): TemplateSize | undefined {
    return this.last
  }

  /** A block on the tip that lacks only its proof of work. */
  createTemplate(script: Uint8Array): Block {
    const block = this.chain.createTemplate(script)
    const others = block.transactions.slice(1)
    const weight = others.reduce((sum, transaction) => sum + transaction.weight, TEMPLATE_RESERVED_WEIGHT)
    this.last = { weight, transactions: others.length }
    return block
  }

  /** Mines so many blocks, one on the other. @returns their hashes. */
  async generate(count: number, script: Uint8Array, signal: AbortSignal): Promise<string[]> {
    const hashes: string[] = []
    while (hashes.length < count) {
      const block = await this.search(script, signal)
      const verdict = await this.chain.acceptBlock(serializeBlock(block))
      if (!verdict.ok) throw new RpcError(RPC_CODE.verifyError, verdict.code)
      hashes.push(blockHashToHex(block.header.hash))
    }
    return hashes
  }

  /** Takes a block from outside. @returns null, or bitcoind's word for why not. */
  async submit(hex: string): Promise<string | null> {
    const decoded = attemptDecode('Block decode failed', () => {
      const bytes = hexToBytes(hex)
      return { bytes, block: parseBlock(bytes) }
    })
    if (!decoded.ok) throw new RpcError(RPC_CODE.deserializationError, decoded.code)
    const { bytes, block } = decoded.value
    if (this.chain.hasBlock(block.header.hash)) return 'duplicate'
    const whole = withWitnessNonce(block)
    const verdict = await this.chain.acceptBlock(whole === block ? bytes : serializeBlock(whole))
    if (!verdict.ok) return verdict.code
    const node = this.chain.headerTree.get(whole.header.hash)
    // In order, but on a branch that is not the best, so that nobody knows whether its scripts are right.
    return node && this.chain.isActive(node) ? null : 'inconclusive'
  }

  /**
   * Mines a block whenever the tip is so many milliseconds old, from now on.
   * @param spread lets the interval vary by half, so that several miners of one network seldom find a block at once.
   */
  async startInterval(intervalMs: number, spread = false): Promise<void> {
    await this.stopInterval()
    const miner = new IntervalMiner({
      createTemplate: () => this.createTemplate(this.script()),
      submit: (block: Block) => this.chain.acceptBlock(serializeBlock(block)),
      intervalMs,
      mine: (template, { signal }) => this.search(this.script(), signal, template),
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

  /** Ends mining and its threads. */
  async close(): Promise<void> {
    await this.stopInterval()
    await this.threads.close()
  }

  /** @param first what it begins with, if there is a template already. */
  private search(script: Uint8Array, signal: AbortSignal, first?: Block): Promise<Block> {
    let template = first
    return searchFresh({
      createTemplate: () => {
        const next = template ?? this.createTemplate(script)
        template = undefined
        return next
      },
      mine: (block, options) => mineBlock(block, { ...options, threads: this.threads }),
      signal,
      refreshMs: TEMPLATE_REFRESH_MS,
      onTip: listener => this.chain.on('tip', listener),
    })
  }
}
