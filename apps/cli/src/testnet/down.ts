import { setTimeout as sleep } from 'node:timers/promises'
import { POLL_MS, STOP_GRACE_MS } from './limits.ts'
import { commandLineOf, isAlive, signalProcess } from './processes.ts'
import { type RunningTestnet, readRunning, removeRunning } from './state.ts'
import { stopNode } from './stop.ts'

/**
 * Stops every process of a testnet: its nodes, and the process that watches over them. Returns when none is left.
 * @returns the names of the nodes that were running.
 */
export async function takeDown(testnet: RunningTestnet): Promise<string[]> {
  const running = testnet.nodes.filter(node => isAlive(node.pid, node.datadir))
  await Promise.all(running.map(stopNode))
  if (testnet.supervisor !== undefined) await endSupervisor(testnet.supervisor)
  removeRunning(testnet.datadir)
  return running.map(({ name }) => name)
}

/** Ends the nodes of a testnet at once, as a crash would. */
export function killTestnet(datadir: string): void {
  for (const { pid, datadir: folder } of readRunning(datadir)?.nodes ?? []) {
    if (isAlive(pid, folder)) signalProcess(pid, 'SIGKILL')
  }
  removeRunning(datadir)
}

/** It ends by itself when its nodes are gone; if not, it is told to. */
async function endSupervisor(pid: number): Promise<void> {
  if (await goneWithin(pid, STOP_GRACE_MS / 2)) return
  signalProcess(pid, 'SIGTERM')
  if (await goneWithin(pid, STOP_GRACE_MS)) return
  signalProcess(pid, 'SIGKILL')
  await goneWithin(pid, STOP_GRACE_MS)
}

/** Its command line tells that it is a supervisor, and not another process that got its number. */
function isSupervisor(pid: number): boolean {
  const words = commandLineOf(pid)
  return (words.includes('testnet') && words.includes('up')) || words.includes('demo')
}

async function goneWithin(pid: number, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  while (isSupervisor(pid)) {
    if (performance.now() > deadline) return false
    await sleep(POLL_MS / 2)
  }
  return true
}
