import { count, duration } from '../format.ts'
import { waitFor } from '../wait.ts'
import { TOUR_POLL_MS, TOUR_WAIT_MS } from './limits.ts'
import { check, type Findings, mineAndSync, nodeOf, type Step } from './tour.ts'

const VICTIM = 8
const BLOCKS_MISSED = 5

/** A node killed in full run comes back and catches up. */
export const recovery: Step = {
  title: `Kill node ${VICTIM} with SIGKILL, mine ${BLOCKS_MISSED} blocks, and start it again`,
  async run(tour): Promise<Findings> {
    const victim = nodeOf(tour, VICTIM)
    const before = await victim.status()
    await victim.kill()
    const tip = await mineAndSync(tour, nodeOf(tour, 1), BLOCKS_MISSED)
    const startedMs = performance.now()
    await tour.testnet.restart(victim)
    const reopened = await victim.status()
    check(reopened.height >= before.height, `Node ${VICTIM} lost blocks: height ${reopened.height}.`)
    const after = await waitFor(
      `Node ${VICTIM} did not catch up`,
      async () => {
        const status = await victim.status()
        return status.bestBlock === tip.bestBlock ? status : undefined
      },
      { timeoutMs: TOUR_WAIT_MS, pollMs: TOUR_POLL_MS, signal: tour.signal },
    )
    const elapsedMs = performance.now() - startedMs
    check(after.balanceSats >= before.balanceSats, `Node ${VICTIM} lost coins.`)
    return {
      text: `from height ${before.height} to ${after.height} (${count(BLOCKS_MISSED, 'block')} missed) in ${duration(elapsedMs)}, its start included`,
      figures: { heightBefore: before.height, heightAfter: after.height, elapsedMs: Math.round(elapsedMs) },
    }
  },
}
