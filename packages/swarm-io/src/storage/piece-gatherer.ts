import { STORE_GATHER_MS, STORES_AT_ONCE } from './limits.ts'

/** A piece as it came. */
export interface ArrivedPiece {
  readonly piece: number
  readonly bytes: Uint8Array
}

interface Waiting<Outcome> extends ArrivedPiece {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
}

/**
 * Gathers pieces that arrive at about the same time: to take files and to wake a thread costs as much for one as for
 * several.
 */
export class PieceGatherer<Outcome> {
  private readonly store: (pieces: readonly ArrivedPiece[]) => Promise<readonly (Outcome | Error)[]>
  private gathered: Waiting<Outcome>[] = []
  private timer: NodeJS.Timeout | undefined

  /** @param store stores pieces together. @returns of each what became of it; an error where it failed. */
  constructor(store: (pieces: readonly ArrivedPiece[]) => Promise<readonly (Outcome | Error)[]>) {
    this.store = store
  }

  /** @returns what became of the piece. Rejects with what it failed with. */
  add(piece: number, bytes: Uint8Array): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.gathered.push({ piece, bytes, resolve, reject })
      if (this.gathered.length >= STORES_AT_ONCE) this.flush()
      else this.timer ??= setTimeout(() => this.flush(), STORE_GATHER_MS)
    })
  }

  /** Those that have come so far wait for no others. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const pieces = this.gathered
    this.gathered = []
    if (pieces.length > 0) void this.storeAll(pieces)
  }

  private async storeAll(pieces: readonly Waiting<Outcome>[]): Promise<void> {
    const outcomes = await this.store(pieces).catch((error: Error) => pieces.map(() => error))
    for (const [i, { resolve, reject }] of pieces.entries()) {
      const outcome = outcomes[i]!
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
  }
}
