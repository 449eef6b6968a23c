const NEXT_RUN = 0
const FIRST_FAILURE = 1
const STATES = 2
const NO_FAILURE = 0x7fff_ffff
/** Before all inputs. */
const NOWHERE = -1
const DONE = 1

/**
 * Who does which run of inputs, in memory that threads may share. Runs are claimed in their order, and nobody claims
 * one behind a failure: so all before it are done at the end, and the first failure is the same whoever did what.
 */
export class Claims {
  /** To be given to other threads. */
  readonly words: Int32Array

  /** @param words what another thread's claims are made of, or those that {@link newClaims} gives. */
  constructor(words: Int32Array) {
    this.words = words
  }

  /** The number of a run that nobody has claimed yet; undefined when none is left that matters. */
  claim(): number | undefined {
    if (this.firstFailure !== undefined) return undefined
    const run = Atomics.add(this.words, NEXT_RUN, 1)
    return run < this.runs ? run : undefined
  }

  /** @param failure the number of the first input in the run whose script fails. */
  finish(run: number, failure: number | undefined): void {
    if (failure !== undefined) this.fail(failure)
    Atomics.store(this.words, STATES + run, DONE)
  }

  /** Nobody claims any more. */
  cancel(): void {
    this.fail(NOWHERE)
  }

  /** The number of the first input that failed. Final when {@link unfinished} has none. */
  get firstFailure(): number | undefined {
    const input = Atomics.load(this.words, FIRST_FAILURE)
    return input === NO_FAILURE ? undefined : input
  }

  /** Runs that were claimed and not done, lowest first. */
  unfinished(): number[] {
    const claimed = Math.min(Atomics.load(this.words, NEXT_RUN), this.runs)
    const runs: number[] = []
    for (let run = 0; run < claimed; run++) {
      if (Atomics.load(this.words, STATES + run) !== DONE) runs.push(run)
    }
    return runs
  }

  private get runs(): number {
    return this.words.length - STATES
  }

  private fail(input: number): void {
    let known = Atomics.load(this.words, FIRST_FAILURE)
    while (input < known) {
      const before = Atomics.compareExchange(this.words, FIRST_FAILURE, known, input)
      if (before === known) return
      known = before
    }
  }
}

/** Claims to so many runs, of which nobody has claimed any. */
export function newClaims(runs: number, shared: boolean): Claims {
  const length = STATES + runs
  const words = shared
    ? new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
    : new Int32Array(length)
  words[FIRST_FAILURE] = NO_FAILURE
  return new Claims(words)
}
