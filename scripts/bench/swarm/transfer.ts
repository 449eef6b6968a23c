import type { BenchContent } from './content.ts'

/** A process that has the content and gives it to who asks. */
export interface Seeder {
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  readonly pid: number
  end(): Promise<void>
}

/** What a leecher's process took, from when it was told of the seeders until it had everything. */
export interface Measured {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly peakMegabytes: number
}

/** Fetches the content from seeders into an empty folder, in a process of its own that is gone afterwards. */
export type Leecher = (content: BenchContent, folder: string, ports: readonly number[]) => Promise<Measured>
