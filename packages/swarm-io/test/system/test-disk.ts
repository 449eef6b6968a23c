import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A small file system in memory. */
export class TestDisk {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** @returns undefined for who may not mount anything: only root may. */
  static async mount(kibibytes: number): Promise<TestDisk | undefined> {
    const path = await mkdtemp(join(tmpdir(), 'onehop-disk-'))
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'onehop-test', path])
      return new TestDisk(path)
    } catch {
      await rm(path, { recursive: true })
      return undefined
    }
  }

  /** With other options: `ro`, `rw`, `size=4m`. */
  async remount(options: string): Promise<void> {
    await run('mount', ['-o', `remount,${options}`, this.path])
  }

  async unmount(): Promise<void> {
    await run('umount', [this.path])
    await rm(this.path, { recursive: true })
  }
}
