import { until } from '../../support/wait.ts'
import { Aria2 } from './aria2.ts'
import type { BitTorrentClient, StartClient } from './bittorrent-client.ts'
import { Transmission } from './transmission.ts'

/** The clients that everything is tried with. */
export const CLIENTS: readonly { name: string; program: string; start: StartClient }[] = [
  { name: 'aria2', program: 'aria2c', start: Aria2.start },
  { name: 'Transmission', program: 'transmission-daemon', start: Transmission.start },
]

/** Other programs unchoke, dial and ask their trackers when they like: all of that at its slowest, on a busy machine. */
export const CLIENT_PATIENCE_MS = 150_000

/** Waits until a client has everything. */
export async function untilComplete(client: BitTorrentClient, timeoutMs = CLIENT_PATIENCE_MS): Promise<void> {
  await until(
    `${client.name} has everything`,
    async () => {
      const status = await client.status()
      if (!status.isComplete) throw new Error(`${status.bytesDone} bytes so far. ${status.trouble}`)
      return true
    },
    timeoutMs,
  )
}
