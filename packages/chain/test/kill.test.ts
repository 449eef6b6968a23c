import assert from 'node:assert/strict'
import { runKills } from './kill/kills.ts'

const KILLS = 100

describe('a chain on disk whose process is killed with SIGKILL', () => {
  it(`has every acknowledged block and the coins of its tip, ${KILLS} times`, async function () {
    // When it is given up: minutes on a machine that others use, too.
    this.timeout(900_000)
    const seed = Date.now() % 0x1_0000_0000
    console.log(`      seed ${seed}; again with: npm run crash -- --kills ${KILLS} --seed ${seed}`)
    const summary = await runKills(KILLS, seed)
    console.log(`      ${JSON.stringify(summary)}`)
    assert.equal(summary.kills, KILLS)
  })
})
