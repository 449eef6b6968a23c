import { Worker } from 'node:worker_threads'

/** Milliseconds after which a case counts as hanging. */
const HANG_MS = 30_000

const WATCH = `
const { workerData: { shared, hangMs } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const cell = new Int32Array(shared, 0, 1)
const text = new Uint8Array(shared, 4)
setInterval(() => {
  const seen = Atomics.load(cell, 0)
  if (seen === 0) return
  if (Atomics.wait(cell, 0, seen, hangMs) !== 'timed-out') return
  const end = text.indexOf(0)
  writeSync(2, 'FINDING: hangs: ' + Buffer.from(text.subarray(0, end)).toString() + '\\n')
  process.kill(process.pid, 'SIGKILL')
}, 100)
`

/** A thread that ends the process when one case takes for ever, and says which. */
export class Watchdog {
  private readonly cell: Int32Array
  private readonly text: Uint8Array
  private readonly worker: Worker

  constructor() {
    const shared = new SharedArrayBuffer(4096)
    this.cell = new Int32Array(shared, 0, 1)
    this.text = new Uint8Array(shared, 4)
    this.worker = new Worker(WATCH, { eval: true, workerData: { shared, hangMs: HANG_MS } })
    this.worker.unref()
  }

  /** A case begins. @param repro how to run it again. */
  begin(repro: string): void {
    const bytes = Buffer.from(`${repro}\0`)
    this.text.set(bytes.subarray(0, this.text.length))
    // Never 0, which says that nothing runs.
    Atomics.store(this.cell, 0, (Atomics.load(this.cell, 0) + 1) | 1)
    Atomics.notify(this.cell, 0)
  }

  async stop(): Promise<void> {
    Atomics.store(this.cell, 0, 0)
    Atomics.notify(this.cell, 0)
    await this.worker.terminate()
  }
}
