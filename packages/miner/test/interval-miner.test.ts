import assert from 'node:assert/strict'
import type { Block } from '@onehop/ledger'
import { OK, refused, type Verdict } from '@onehop/primitives'
import { IntervalMiner, MinedBlockRefusedError } from '../src/interval-miner.ts'

const BLOCK = {} as Block

/** Lets all promise callbacks that are due run. */
const settle = () => new Promise<void>(resolve => setImmediate(resolve))

interface Search {
  readonly resolve: (block: Block) => void
  readonly reject: (reason: unknown) => void
}

/** A miner whose timer and search the test moves by hand. */
class Bench {
  readonly delays: number[] = []
  readonly errors: unknown[] = []
  mined = 0
  templates = 0
  searches = 0
  verdict: Verdict = OK
  beforeSubmit: Promise<void> = Promise.resolve()
  private timer: (() => void) | undefined
  private search: Search | undefined
  readonly miner: IntervalMiner

  constructor(random?: () => number) {
    const options = {
      createTemplate: () => {
        this.templates += 1
        return BLOCK
      },
      submit: async () => {
        await this.beforeSubmit
        return this.verdict
      },
      intervalMs: 1000,
      onMined: () => {
        this.mined += 1
      },
      onError: (error: unknown) => this.errors.push(error),
      setTimer: (callback: () => void, delayMs: number) => {
        this.delays.push(delayMs)
        this.timer = callback
        return () => {
          this.timer = undefined
        }
      },
      mine: (_template: Block, { signal }: { signal: AbortSignal }) => this.startSearch(signal),
    }
    this.miner = new IntervalMiner(random === undefined ? options : { ...options, random })
  }

  get isTimerSet(): boolean {
    return this.timer !== undefined
  }

  fireTimer(): void {
    const { timer } = this
    this.timer = undefined
    timer?.()
  }

  async find(): Promise<void> {
    this.search?.resolve(BLOCK)
    await settle()
  }

  private startSearch(signal: AbortSignal): Promise<Block> {
    this.searches += 1
    return new Promise((resolve, reject) => {
      this.search = { resolve, reject }
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
}

describe('the interval miner', () => {
  it('mines one block after each interval', async () => {
    const bench = new Bench()
    bench.miner.start()
    for (let i = 1; i <= 3; i++) {
      bench.fireTimer()
      await bench.find()
      assert.equal(bench.mined, i)
    }
    assert.deepEqual(bench.delays, [1000, 1000, 1000, 1000])
    await bench.miner.stop()
  })

  it('never searches twice at once', async () => {
    const bench = new Bench()
    bench.miner.start()
    bench.miner.start()
    bench.fireTimer()
    assert.equal(bench.isTimerSet, false)
    assert.equal(bench.searches, 1)
    await bench.miner.stop()
  })

  it('gives up the search on a new tip and waits a whole interval on the next', async () => {
    const bench = new Bench()
    bench.miner.start()
    bench.fireTimer()
    bench.miner.onNewTip()
    await settle()
    assert.equal(bench.isTimerSet, true)
    bench.fireTimer()
    assert.equal(bench.templates, 2)
    await bench.find()
    assert.equal(bench.mined, 1)
    assert.deepEqual(bench.errors, [])
    await bench.miner.stop()
  })

  it('starts the interval anew when a tip comes while it waits', async () => {
    const bench = new Bench()
    bench.miner.start()
    bench.miner.onNewTip()
    assert.deepEqual(bench.delays, [1000, 1000])
    assert.equal(bench.searches, 0)
    await bench.miner.stop()
  })

  it('is not disturbed by its own block becoming the tip', async () => {
    const bench = new Bench()
    let open = () => {}
    bench.beforeSubmit = new Promise(resolve => {
      open = resolve
    })
    bench.miner.start()
    bench.fireTimer()
    await bench.find()
    bench.miner.onNewTip()
    open()
    await settle()
    assert.equal(bench.mined, 1)
    assert.deepEqual(bench.delays, [1000, 1000])
    await bench.miner.stop()
  })

  it('stops at once in the middle of a search, and can be started again', async () => {
    const bench = new Bench()
    bench.miner.start()
    bench.fireTimer()
    await bench.miner.stop()
    assert.equal(bench.miner.isRunning, false)
    assert.equal(bench.isTimerSet, false)
    assert.equal(bench.mined, 0)
    bench.miner.start()
    bench.fireTimer()
    await bench.find()
    assert.equal(bench.mined, 1)
    await bench.miner.stop()
  })

  it('says why a block was refused, and goes on', async () => {
    const bench = new Bench()
    bench.verdict = refused('bad-txns-inputs-missingorspent')
    bench.miner.start()
    bench.fireTimer()
    await bench.find()
    const [error] = bench.errors
    assert(error instanceof MinedBlockRefusedError)
    assert.equal(error.code, 'bad-txns-inputs-missingorspent')
    assert.equal(bench.isTimerSet, true)
    await bench.miner.stop()
  })

  it('spreads its interval when it is given randomness', async () => {
    const numbers = [0, 0.5, 0.75]
    const bench = new Bench(() => numbers.shift() ?? 0)
    bench.miner.start()
    bench.miner.onNewTip()
    bench.miner.onNewTip()
    assert.deepEqual(bench.delays, [500, 1000, 1250])
    await bench.miner.stop()
  })
})
