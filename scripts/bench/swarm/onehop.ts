import { join } from 'node:path'
import { type BenchContent, touchPageCache } from './content.ts'
import { NodeProcess } from './node-process.ts'
import type { Leecher, Measured, Seeder } from './transfer.ts'

/** A session of ours with the content. */
export async function startOnehopSeeder(content: BenchContent, folder: string): Promise<Seeder> {
  const file = join(content.folder, content.name)
  const process = new NodeProcess('onehop-seeder.ts', [file, join(folder, 'resume')])
  const { port } = await process.next<{ port: number }>()
  return { port, pid: process.child.pid!, end: () => process.end() }
}

/** A session of ours without the content. */
export const onehopLeecher: Leecher = (content, folder, ports) =>
  leech(new NodeProcess('onehop-leecher.ts', [content.torrentPath, folder]), content.lengthBytes, ports)

/** Keeps nothing: the most that a seeder can send to one. */
export const discardingLeecher: Leecher = (content, _folder, ports) =>
  leech(new NodeProcess('discarding-leecher.ts', [content.torrentPath]), content.lengthBytes, ports)

/** A leecher's process says that it is ready, is told of the seeders, and says what that took. */
export async function leech(
  process: NodeProcess,
  lengthBytes: number,
  seeders: readonly unknown[],
): Promise<Measured> {
  try {
    await process.next()
    touchPageCache(lengthBytes)
    process.tell(seeders)
    return await process.next<Measured>()
  } finally {
    await process.end()
  }
}
