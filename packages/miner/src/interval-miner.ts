import type { Block } from '@onehop/ledger'
import type { RandomSource, Verdict } from '@onehop/primitives'
import { mineBlock } from './mine-block.ts'

/** Port: calls back after a delay; the returned function prevents that. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void

/** What the miner works on, how often, and whom it tells. */
export interface IntervalMinerOptions {
  /** A block on the current tip that lacks only its proof of work. */
  readonly createTemplate: () => Block
  readonly submit: (block: Block) => Promise<Verdict>
  /** Milliseconds between a new tip (ours or another's) and the next search. */
  readonly intervalMs: number
  /**
   * Spreads the interval evenly over 50 to 150 %, so that several miners of one network seldom find a block at
   * once. Without it, the interval is exact.
   */
  readonly random?: RandomSource
  /** A mined block was accepted. */
  readonly onMined?: (block: Block) => void
  /** A mined block was refused, or something threw; the miner goes on at the next interval. */
  readonly onError?: (error: unknown) => void
  /** @default setTimeout */
  readonly setTimer?: SetTimer
  /** @default mineBlock */
  readonly mine?: (template: Block, options: { readonly signal: AbortSignal }) => Promise<Block>
}

/** Why `onError` is called when the chain refuses a mined block. */
export class MinedBlockRefusedError extends Error {
  override name = 'MinedBlockRefusedError'
  /** Bitcoin Core's reject string. */
  readonly code: string

  constructor(code: string) {
    super(`The chain refused a mined block: ${code}`)
    this.code = code
  }
}

const setSystemTimer: SetTimer = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}

/** Mines one block after each interval, one search at a time. */
export class IntervalMiner {
  private readonly options: IntervalMinerOptions
  private readonly setTimer: SetTimer
  private cancelTimer: (() => void) | undefined
  private search: AbortController | undefined
  private running: Promise<void> | undefined
  private submitting = false
  private started = false

  constructor(options: IntervalMinerOptions) {
    this.options = options
    this.setTimer = options.setTimer ?? setSystemTimer
  }

  get isRunning(): boolean {
    return this.started
  }

  /** Starts; the first search begins after one interval. Does nothing when it runs already. */
  start(): void {
    if (this.started) return
    this.started = true
    this.schedule()
  }

  /** To be called at every new tip: the search on the old one is given up, and the interval starts anew. */
  onNewTip(): void {
    if (!this.started || this.submitting) return
    if (this.search === undefined) this.schedule()
    else this.search.abort()
  }

  /** Stops, and resolves when no search runs and no block is being submitted any more. */
  async stop(): Promise<void> {
    this.started = false
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.search?.abort()
    await this.running
  }

  private schedule(): void {
    this.cancelTimer?.()
    const spread = this.options.random === undefined ? 1 : 0.5 + this.options.random()
    this.cancelTimer = this.setTimer(() => this.onTimer(), this.options.intervalMs * spread)
  }

  private onTimer(): void {
    this.cancelTimer = undefined
    // Stopped and started again while a block was being submitted: its end schedules the next search.
    if (this.running !== undefined) return
    this.running = this.mineOnce().finally(() => {
      this.running = undefined
      if (this.started) this.schedule()
    })
  }

  private async mineOnce(): Promise<void> {
    const search = new AbortController()
    this.search = search
    try {
      const mine = this.options.mine ?? mineBlock
      const block = await mine(this.options.createTemplate(), { signal: search.signal })
      if (!search.signal.aborted) await this.submit(block)
    } catch (error) {
      if (!search.signal.aborted) this.options.onError?.(error)
    } finally {
      this.search = undefined
    }
  }

  /** While it submits, the new tip is the miner's own block. */
  private async submit(block: Block): Promise<void> {
    this.submitting = true
    try {
      const verdict = await this.options.submit(block)
      if (verdict.ok) this.options.onMined?.(block)
      else this.options.onError?.(new MinedBlockRefusedError(verdict.code))
    } finally {
      this.submitting = false
    }
  }
}
