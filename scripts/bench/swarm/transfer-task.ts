/** One transfer on loopback, each side a process of its own: what it takes the leecher and the seeders. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { numberOf, textOf } from '../parameters.ts'
import type { TaskRun } from '../suite.ts'
import { withFolder } from '../with-folder.ts'
import { aria2Leecher, startAria2Seeder } from './aria2.ts'
import { benchContent, holdsContent } from './content.ts'
import { discardingLeecher, onehopLeecher, startOnehopSeeder } from './onehop.ts'
import { cpuSecondsOf } from './process-cost.ts'
import type { Leecher, Seeder } from './transfer.ts'
import { webtorrentLeecher } from './webtorrent.ts'

const SEEDERS = { aria2: startAria2Seeder, onehop: startOnehopSeeder }
const LEECHERS: Readonly<Record<string, Leecher>> = {
  aria2: aria2Leecher,
  nothing: discardingLeecher,
  onehop: onehopLeecher,
  webtorrent: webtorrentLeecher,
}

/** What {@link transferTask} is called with. */
export interface TransferParameters {
  readonly seeder: keyof typeof SEEDERS
  readonly seeders: number
  readonly leecher: 'aria2' | 'nothing' | 'onehop' | 'webtorrent'
  readonly lengthBytes: number
}

function cpuSecondsOfAll(seeders: readonly Seeder[]): number {
  return seeders.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0)
}

const transferTask: TaskRun = parameters => {
  const content = benchContent(numberOf(parameters, 'lengthBytes'))
  const startSeeder = SEEDERS[textOf(parameters, 'seeder') as keyof typeof SEEDERS]
  const leecher = LEECHERS[textOf(parameters, 'leecher')]!
  return withFolder(async folder => {
    const seeders: Seeder[] = []
    try {
      for (let i = 0; i < numberOf(parameters, 'seeders'); i++) {
        mkdirSync(join(folder, `seeder-${i}`))
        seeders.push(await startSeeder(content, join(folder, `seeder-${i}`)))
      }
      const target = join(folder, 'leecher')
      mkdirSync(target)
      const before = cpuSecondsOfAll(seeders)
      const measured = await leecher(
        content,
        target,
        seeders.map(({ port }) => port),
      )
      const seederCpuSeconds = cpuSecondsOfAll(seeders) - before
      const isKept = leecher !== discardingLeecher
      if (isKept && !holdsContent(join(target, content.name), content))
        throw new Error('the content is wrong')
      rmSync(target, { recursive: true })
      const megabytes = content.lengthBytes / 1e6
      return {
        megabytesPerSecond: megabytes / measured.wallSeconds,
        megabytesPerCpuSecond: megabytes / measured.cpuSeconds,
        seederMegabytesPerCpuSecond: megabytes / seederCpuSeconds,
        cpuSeconds: measured.cpuSeconds,
        seederCpuSeconds,
        wallSeconds: measured.wallSeconds,
        peakMegabytes: measured.peakMegabytes,
      }
    } finally {
      await Promise.all(seeders.map(seeder => seeder.end()))
    }
  })
}

export default transferTask
