import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { attemptDecode, bytesToHex } from '@onehop/primitives'
import { writeFileAtomically } from '../atomic-file.ts'
import { hasCode } from '../storage/safe-path.ts'
import { swarmErrorOf } from '../swarm-error.ts'
import { decodeRecord } from './decode-record.ts'
import { encodeDescription, encodeRecord } from './encode-record.ts'
import { MAX_RESUME_FILE_BYTES } from './limits.ts'
import type { ResumeRecord } from './resume-record.ts'

const ENDING = '.resume'
const DESCRIPTION_ENDING = '.info'
const DESCRIPTION = /^([0-9a-f]{40})\.info$/

/**
 * The resume files of a session: one a torrent, bencoded, named by infohash, replaced atomically. What does not change of
 * a torrent stands in a file of its own beside it, which is written first: it may be megabytes, and a checkpoint comes
 * every two seconds.
 */
export class ResumeStore {
  private readonly folder: string
  /** By the infohash in hex: what the file beside each record says. */
  private readonly described = new Map<string, Described>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** @throws {SwarmError}; what was noted before is still there then. */
  async save(record: ResumeRecord): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true })
      await this.describe(record)
      await writeFileAtomically(this.pathOf(record.infohash, ENDING), encodeRecord(record))
    } catch (error) {
      throw swarmErrorOf(error, `write to ${this.folder}`)
    }
  }

  private async describe(record: ResumeRecord): Promise<void> {
    const name = bytesToHex(record.infohash)
    const now = describedIn(record)
    if (record.info === undefined || isSame(this.described.get(name), now)) return
    await writeFileAtomically(this.pathOf(record.infohash, DESCRIPTION_ENDING), encodeDescription(record))
    this.described.set(name, now)
  }

  /** Forgets the record. @throws {SwarmError} when it cannot: it would be back after a restart. */
  async remove(infohash: Uint8Array): Promise<void> {
    try {
      await rm(this.pathOf(infohash, ENDING), { force: true })
      this.described.delete(bytesToHex(infohash))
      await rm(this.pathOf(infohash, DESCRIPTION_ENDING), { force: true })
    } catch (error) {
      throw swarmErrorOf(error, `write to ${this.folder}`)
    }
  }

  /**
   * All records. A file that cannot be read back is passed over, and told to `onDamaged`: its torrent is lost, its
   * content is not.
   * @throws {SwarmError} when the folder cannot be read.
   */
  async load(onDamaged: (path: string, reason: string) => void): Promise<ResumeRecord[]> {
    const names = await this.fileNames()
    const records: ResumeRecord[] = []
    for (const name of names.filter(each => each.endsWith(ENDING))) {
      const path = join(this.folder, name)
      const result = await readRecord(path).catch((error: unknown) => String(error))
      if (typeof result === 'string') onDamaged(path, result)
      else records.push(result)
    }
    await this.removeOrphans(names)
    return records
  }

  /** Descriptions whose record is gone: a removal was interrupted between the two. */
  private async removeOrphans(names: readonly string[]): Promise<void> {
    const known = new Set(names)
    for (const name of names) {
      const [, infohash] = DESCRIPTION.exec(name) ?? []
      if (infohash === undefined || known.has(`${infohash}${ENDING}`)) continue
      // One that cannot be removed only takes room.
      await rm(join(this.folder, name), { force: true }).catch(() => {})
    }
  }

  private async fileNames(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).sort()
    } catch (error) {
      // The folder is made when something is noted for the first time.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw swarmErrorOf(error, `read ${this.folder}`)
    }
  }

  private pathOf(infohash: Uint8Array, ending: string): string {
    return join(this.folder, `${bytesToHex(infohash)}${ending}`)
  }
}

/** What a description says, as far as it can change: hashes of version 2 come one after the other. */
interface Described {
  readonly info: Uint8Array | undefined
  readonly layers: number
}

function describedIn({ info, layers }: ResumeRecord): Described {
  return { info: info?.bytes, layers: layers?.size ?? 0 }
}

function isSame(one: Described | undefined, other: Described): boolean {
  return one?.info === other.info && one?.layers === other.layers
}

/** @returns why not, where it cannot be read back. */
async function readRecord(path: string): Promise<ResumeRecord | string> {
  const bytes = await readBounded(path)
  const described = `${path.slice(0, -ENDING.length)}${DESCRIPTION_ENDING}`
  const description = await readBounded(described).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error
    return undefined
  })
  const decoded = attemptDecode('bad-resume-file', () => decodeRecord(bytes, description))
  return decoded.ok ? decoded.value : (decoded.detail ?? decoded.code)
}

async function readBounded(path: string): Promise<Uint8Array> {
  if ((await stat(path)).size > MAX_RESUME_FILE_BYTES) throw new Error(`${path} is too large`)
  return new Uint8Array(await readFile(path))
}
