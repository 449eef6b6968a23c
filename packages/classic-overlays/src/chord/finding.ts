import type { Cancel, Costs } from '@onehop/overlay'
import type { Relays } from './relays.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'
import { type Finding, type Quest, Walk } from './walk.ts'

/** Finds who is responsible for a point: by steps of this node, or by a route that others hand on. */
export class Finder {
  private readonly parts: { readonly state: ChordState; readonly routing: Routing; readonly relays: Relays }

  constructor(parts: Finder['parts']) {
    this.parts = parts
  }

  /** A route whose answer does not come, or is not believed, is replaced by steps of one's own. */
  find(quest: Quest, costs: Costs, done: (finding: Finding) => void): Cancel {
    const { state, relays } = this.parts
    if (state.options.routing === 'iterative' || quest.strict) return this.walk(quest, costs, done)
    let cancelWalk: Cancel | undefined
    let isCancelled = false
    relays.find(quest, costs, finding => {
      if (isCancelled) return
      if (finding === undefined) cancelWalk = this.walk(quest, costs, done)
      else done(finding)
    })
    return () => {
      isCancelled = true
      cancelWalk?.()
    }
  }

  private walk(quest: Quest, costs: Costs, done: (finding: Finding) => void): Cancel {
    const walk = new Walk({ ...this.parts, costs }, quest, done)
    walk.start()
    return () => walk.cancel()
  }
}
