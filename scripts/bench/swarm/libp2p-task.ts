/** Bytes over libp2p on loopback, each side a process of its own: a torrent of ours, or a raw stream. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { numberOf, textOf } from '../parameters.ts'
import type { TaskRun } from '../suite.ts'
import { withFolder } from '../with-folder.ts'
import { type BenchContent, benchContent, holdsContent } from './content.ts'
import { NodeProcess } from './node-process.ts'
import { leech } from './onehop.ts'
import { cpuSecondsOf } from './process-cost.ts'
import type { Measured } from './transfer.ts'

/** Both sides of a transfer, as processes. */
interface Sides {
  readonly seeder: NodeProcess
  readonly leecher: NodeProcess
}

function swarmSides(content: BenchContent, folder: string): Sides {
  const [seeding, leeching] = [join(folder, 'seeder'), join(folder, 'leecher')]
  mkdirSync(seeding)
  mkdirSync(leeching)
  return {
    seeder: new NodeProcess('libp2p-seeder.ts', [join(content.folder, content.name), seeding]),
    leecher: new NodeProcess('libp2p-leecher.ts', [content.torrentPath, leeching]),
  }
}

function rawSides(lengthBytes: number): Sides {
  return {
    seeder: new NodeProcess('raw-sender.ts', [`${lengthBytes}`]),
    leecher: new NodeProcess('raw-receiver.ts', [`${lengthBytes}`]),
  }
}

async function measure(
  { seeder, leecher }: Sides,
  lengthBytes: number,
): Promise<Measured & { seederCpuSeconds: number }> {
  try {
    const { seeder: address } = await seeder.next<{ seeder: unknown }>()
    const before = cpuSecondsOf(seeder.child.pid!)
    const measured = await leech(leecher, lengthBytes, [address])
    return { ...measured, seederCpuSeconds: cpuSecondsOf(seeder.child.pid!) - before }
  } finally {
    await Promise.all([seeder.end(), leecher.end()])
  }
}

const libp2pTask: TaskRun = parameters => {
  const lengthBytes = numberOf(parameters, 'lengthBytes')
  const isSwarm = textOf(parameters, 'kind') === 'swarm'
  return withFolder(async folder => {
    const content = benchContent(lengthBytes)
    const measured = await measure(isSwarm ? swarmSides(content, folder) : rawSides(lengthBytes), lengthBytes)
    if (isSwarm && !holdsContent(join(folder, 'leecher', content.name), content))
      throw new Error('the content is wrong')
    const megabytes = lengthBytes / 1e6
    return {
      megabytesPerSecond: megabytes / measured.wallSeconds,
      megabytesPerCpuSecond: megabytes / measured.cpuSeconds,
      seederMegabytesPerCpuSecond: megabytes / measured.seederCpuSeconds,
      peakMegabytes: measured.peakMegabytes,
    }
  })
}

export default libp2pTask
