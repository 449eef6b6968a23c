import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { PeerAddress } from '@onehop/swarm'

/** Debian's own Python, which has libtorrent where python3-libtorrent is installed. */
const PYTHON = '/usr/bin/python3'
const CLIENT = new URL('libtorrent-client.py', import.meta.url).pathname
const TIMEOUT_MS = 60_000

/** Whether libtorrent is there to be tried with. */
export function hasLibtorrent(): boolean {
  return spawnSync(PYTHON, ['-c', 'import libtorrent'], { timeout: TIMEOUT_MS }).status === 0
}

/** A process with one torrent in libtorrent. */
export class Libtorrent {
  private readonly process: ChildProcess
  private said = ''
  private readonly listeners = new Set<() => void>()

  /**
   * @param source path of a .torrent, or a magnet link.
   * @param folder where its content is, or goes.
   * @param peer whom it connects to.
   */
  constructor(source: string, folder: string, peer?: PeerAddress) {
    const dialled = peer ? [peer.host, String(peer.port)] : []
    this.process = spawn(PYTHON, [CLIENT, '0', source, folder, ...dialled], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.process.stdout!.on('data', (chunk: Buffer) => {
      this.said += chunk.toString()
      for (const listener of this.listeners) listener()
    })
  }

  /** Waits until it has everything. @returns where it takes connections. */
  async complete(): Promise<PeerAddress> {
    const match = await this.says(/^complete (\d+)$/m)
    return { host: '127.0.0.1', port: Number(match[1]) }
  }

  private says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`libtorrent is not complete. ${this.said}`)),
        TIMEOUT_MS,
      )
      const look = () => {
        const match = pattern.exec(this.said)
        if (!match) return
        clearTimeout(timer)
        this.listeners.delete(look)
        resolve(match)
      }
      this.listeners.add(look)
      look()
    })
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null) return
    const ended = once(this.process, 'exit')
    this.process.stdin!.end()
    await ended
  }
}
