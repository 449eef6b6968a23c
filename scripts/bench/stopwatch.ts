/** CPU time of this process (all its threads, the kernel's work for it too) and wall time, in seconds. */
export interface Cost {
  readonly cpuSeconds: number
  readonly wallSeconds: number
}

/** Adds up what happens between `start` and `stop`. */
export class Stopwatch {
  private cpuSeconds = 0
  private wallSeconds = 0
  private startedCpu = process.cpuUsage()
  private startedAtMs = performance.now()

  start(): void {
    this.startedCpu = process.cpuUsage()
    this.startedAtMs = performance.now()
  }

  stop(): Cost {
    this.wallSeconds += (performance.now() - this.startedAtMs) / 1000
    const { user, system } = process.cpuUsage(this.startedCpu)
    this.cpuSeconds += (user + system) / 1e6
    return this.cost
  }

  get cost(): Cost {
    return { cpuSeconds: this.cpuSeconds, wallSeconds: this.wallSeconds }
  }
}

/** What a measured call returned last, where the compiler cannot know that nobody looks at it. */
const kept: { result: unknown } = { result: undefined }

/** Calls a function, first to warm it up, then until enough time has gone by. @returns calls per CPU second. */
export function callsPerCpuSecond(call: () => unknown, leastCpuSeconds = 1): number {
  const warm = new Stopwatch()
  while (warm.stop().cpuSeconds < leastCpuSeconds / 4) {
    warm.start()
    kept.result = call()
  }
  const watch = new Stopwatch()
  let calls = 0
  while (watch.cost.cpuSeconds < leastCpuSeconds) {
    watch.start()
    for (let i = 0; i < BATCH; i++) kept.result = call()
    watch.stop()
    calls += BATCH
  }
  return calls / watch.cost.cpuSeconds
}

/** Reading the clock costs little against so many calls. */
const BATCH = 4
