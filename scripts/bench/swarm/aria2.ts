import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, linkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type BenchContent, touchPageCache } from './content.ts'
import { cpuSecondsOf, peakMegabytesOf } from './process-cost.ts'
import type { Leecher, Measured, Seeder } from './transfer.ts'

const HOST = '127.0.0.1'

/** Nothing but the transfer: no other way to find peers, no files of the user. */
const OPTIONS = [
  '--no-conf',
  '--enable-dht=false',
  '--enable-dht6=false',
  '--bt-enable-lpd=false',
  '--enable-peer-exchange=false',
  '--disable-ipv6=true',
  `--interface=${HOST}`,
  '--file-allocation=none',
  '--summary-interval=0',
  '--console-log-level=error',
]

/** How often the leecher is looked at. */
const LOOK_MS = 10

/** A transfer that takes longer hangs; below a task's limit, so that no process is left behind. */
const LIMIT_MS = 200_000

function start(options: readonly string[]): ChildProcess {
  const child = spawn('aria2c', [...OPTIONS, ...options], { stdio: ['ignore', 'ignore', 'inherit'] })
  child.on('error', error => console.error(`aria2c: ${error.message}`))
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listens(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null && child.pid !== undefined) {
    const socket = connect(port, HOST)
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await pause(LOOK_MS)
  }
  throw new Error('aria2 does not listen')
}

/** aria2 with the content, in a folder of its own. */
export async function startAria2Seeder(content: BenchContent, folder: string): Promise<Seeder> {
  const port = await freePort()
  linkSync(join(content.folder, content.name), join(folder, content.name))
  const child = start([
    `--dir=${folder}`,
    `--listen-port=${port}`,
    '--seed-ratio=0',
    '--bt-seed-unverified=true',
    '--allow-overwrite=true',
    content.torrentPath,
  ])
  await listens(child, port)
  return { port, pid: child.pid!, end: () => end(child) }
}

/** aria2 without the content: told of the seeders by a tracker that knows nothing else. */
export const aria2Leecher: Leecher = async (content, folder, ports) => {
  const tracker = createServer((_, response) => {
    const peers = Buffer.concat(ports.map(port => Buffer.from([127, 0, 0, 1, port >> 8, port & 0xff])))
    response.end(
      Buffer.concat([Buffer.from(`d8:intervali1800e5:peers${peers.length}:`), peers, Buffer.from('e')]),
    )
  }).listen(0, HOST)
  await once(tracker, 'listening')
  const { port: trackerPort } = tracker.address() as AddressInfo
  const mark = join(folder, 'complete')
  const hook = join(folder, 'on-complete')
  writeFileSync(hook, `#!/bin/sh\n: > '${mark}'\n`)
  chmodSync(hook, 0o755)
  const listenPort = await freePort()
  touchPageCache(content.lengthBytes)
  const beganMs = performance.now()
  const child = start([
    `--dir=${folder}`,
    `--listen-port=${listenPort}`,
    '--seed-ratio=0',
    `--on-bt-download-complete=${hook}`,
    `--bt-tracker=http://${HOST}:${trackerPort}/announce`,
    content.torrentPath,
  ])
  try {
    return await completed(child, mark, beganMs)
  } finally {
    await end(child)
    tracker.close()
    tracker.closeAllConnections()
  }
}

async function completed(child: ChildProcess, mark: string, beganMs: number): Promise<Measured> {
  while (!existsSync(mark)) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error('aria2 ended')
    if (performance.now() - beganMs > LIMIT_MS) throw new Error('aria2 takes too long')
    await pause(LOOK_MS)
  }
  const wallSeconds = (performance.now() - beganMs) / 1000
  return { wallSeconds, cpuSeconds: cpuSecondsOf(child.pid!), peakMegabytes: peakMegabytesOf(child.pid!) }
}
