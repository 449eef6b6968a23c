import { SeededRandom, sha256, utf8Encode } from '@onehop/primitives'
import { LeakWatch, runWithLimits } from './costs.ts'
import { mutate } from './mutate.ts'
import { DECODER_LIMIT, Finding, type Target } from './target.ts'

/** What went wrong, and with what. */
export interface Failure {
  readonly target: string
  readonly seed: number
  /** The case's number. */
  readonly number: number
  readonly input: Uint8Array
  readonly reason: string
}

/** A case's input depends on the seed, the target's name and the case's number, and on nothing else. */
export function inputOf(target: Target, seed: number, number: number): Uint8Array {
  const digest = sha256(utf8Encode(`${seed}/${target.name}/${number}`))
  const random = new SeededRandom(new DataView(digest.buffer, digest.byteOffset).getUint32(0))
  if (target.generate !== undefined && number % 2 === 1) return target.generate(random)
  return mutate(target.seeds, random)
}

function reasonOf(error: unknown): string {
  if (error instanceof Finding) return error.message
  return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

/** Of so many cases, the last ones are those during which memory is watched. */
const LEAK_EVERY = 2000
const LEAK_CASES = 200

/** Runs one target's cases, one after the other. */
export class TargetRun {
  readonly target: Target
  readonly seed: number
  /** Cases so far, the valid seeds not counted. */
  cases = 0
  private readonly leaks = new LeakWatch()

  constructor(target: Target, seed: number) {
    this.target = target
    this.seed = seed
  }

  /** No other target may run now: memory is watched. */
  get isWatched(): boolean {
    return this.cases % LEAK_EVERY > LEAK_EVERY - LEAK_CASES
  }

  /** Runs the seeds as they are: they warm the code up, and must be fine. */
  async runSeeds(): Promise<Failure | undefined> {
    for (const input of this.target.seeds) {
      const reason = await this.attempt(input)
      if (reason !== undefined) return this.failure(-1, input, `a seed: ${reason}`)
    }
    return undefined
  }

  /** Runs the next case. @returns what is wrong with it. */
  async next(): Promise<Failure | undefined> {
    const number = this.cases++
    if (number % LEAK_EVERY === LEAK_EVERY - LEAK_CASES) this.leaks.begin()
    const input = inputOf(this.target, this.seed, number)
    const reason = (await this.attempt(input)) ?? this.leaked(number)
    return reason === undefined ? undefined : this.failure(number, input, reason)
  }

  private async attempt(input: Uint8Array): Promise<string | undefined> {
    try {
      await runWithLimits(this.target, input, this.target.limit ?? DECODER_LIMIT)
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  }

  private leaked(number: number): string | undefined {
    if (number % LEAK_EVERY !== LEAK_EVERY - 1) return undefined
    try {
      this.leaks.end()
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  }

  private failure(number: number, input: Uint8Array, reason: string): Failure {
    return { target: this.target.name, seed: this.seed, number, input, reason }
  }
}
