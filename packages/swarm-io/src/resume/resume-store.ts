import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { attemptDecode, bytesToHex } from '@onehop/primitives'
import { writeFileAtomically } from '../atomic-file.ts'
import { swarmErrorOf } from '../swarm-error.ts'
import { decodeRecord } from './decode-record.ts'
import { encodeRecord } from './encode-record.ts'
import { MAX_RESUME_FILE_BYTES } from './limits.ts'
import type { ResumeRecord } from './resume-record.ts'

const ENDING = '.resume'

/** The resume files of a session: one a torrent, bencoded, named by infohash, replaced atomically. */
export class ResumeStore {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** @throws {SwarmError}; what was noted before is still there then. */
  async save(record: ResumeRecord): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true })
      await writeFileAtomically(this.pathOf(record.infohash), encodeRecord(record))
    } catch (error) {
      throw swarmErrorOf(error, `write to ${this.folder}`)
    }
  }

  /** Forgets the record. @throws {SwarmError} when it cannot: it would be back after a restart. */
  async remove(infohash: Uint8Array): Promise<void> {
    try {
      await rm(this.pathOf(infohash), { force: true })
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
    for (const name of names) {
      const path = join(this.folder, name)
      const result = await readRecord(path).catch((error: unknown) => String(error))
      if (typeof result === 'string') onDamaged(path, result)
      else records.push(result)
    }
    return records
  }

  private async fileNames(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter(name => name.endsWith(ENDING)).sort()
    } catch (error) {
      // The folder is made when something is noted for the first time.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw swarmErrorOf(error, `read ${this.folder}`)
    }
  }

  private pathOf(infohash: Uint8Array): string {
    return join(this.folder, `${bytesToHex(infohash)}${ENDING}`)
  }
}

async function readRecord(path: string): Promise<ResumeRecord | string> {
  if ((await stat(path)).size > MAX_RESUME_FILE_BYTES) return 'the file is too large'
  const bytes = new Uint8Array(await readFile(path))
  const decoded = attemptDecode('bad-resume-file', () => decodeRecord(bytes))
  return decoded.ok ? decoded.value : (decoded.detail ?? decoded.code)
}
