/** Kills as many children as one likes: `npm run crash -- --kills 5000 [--seed n]`. */
import { parseArgs } from 'node:util'
import { runKills } from './kills.ts'

const DEFAULT_KILLS = 100

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
const kills = Number(values.kills ?? DEFAULT_KILLS)
const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000)
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  console.error('usage: npm run crash -- [--kills n] [--seed n]')
  process.exit(2)
}
console.error(`seed ${seed}`)
const summary = await runKills(kills, seed, ({ kills: done }) => {
  if (done % 100 === 0) console.error(`${done} kills`)
})
console.log(JSON.stringify(summary))
