import { once } from 'node:events'
import type { Measured } from '../transfer.ts'

/** Says that the process is ready, and waits to be told of the seeders. */
export async function toldOfSeeders<Seeder>(): Promise<readonly Seeder[]> {
  process.send!({})
  const [seeders] = await once(process, 'message')
  return seeders as readonly Seeder[]
}

/** Measures this process while it fetches, and tells its parent. */
export async function report(fetch: () => Promise<void>): Promise<void> {
  const beganMs = performance.now()
  const began = process.cpuUsage()
  await fetch()
  const { user, system } = process.cpuUsage(began)
  const measured: Measured = {
    wallSeconds: (performance.now() - beganMs) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6,
  }
  process.send!(measured)
}
