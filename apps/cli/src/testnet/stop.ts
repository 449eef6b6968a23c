import { setTimeout as sleep } from 'node:timers/promises'
import { RpcClient } from '@onehop/rpc'
import { cookiePathOf } from '../home.ts'
import { POLL_MS, STOP_CALL_TIMEOUT_MS, STOP_GRACE_MS } from './limits.ts'
import { isAlive, signalProcess } from './processes.ts'
import type { RunningNode } from './state.ts'

/**
 * Stops a node: asks it over RPC, sends SIGTERM when that does not help, at last SIGKILL. Only a process that is
 * provably this node is sent a signal. Returns when it is gone.
 */
export async function stopNode(node: RunningNode): Promise<void> {
  const deadline = performance.now() + STOP_GRACE_MS
  if (!isAlive(node.pid, node.datadir)) return
  if (!(await askToStop(node))) signalIfOurs(node, 'SIGTERM')
  if (await goneBy(node, deadline - STOP_GRACE_MS / 2)) return
  signalIfOurs(node, 'SIGTERM')
  if (await goneBy(node, deadline)) return
  signalIfOurs(node, 'SIGKILL')
  await goneBy(node, performance.now() + STOP_GRACE_MS)
}

async function askToStop({ rpc, datadir }: RunningNode): Promise<boolean> {
  const client = new RpcClient({ url: rpc, cookiePath: cookiePathOf(datadir) })
  try {
    await client.call('stop', [], { timeoutMs: STOP_CALL_TIMEOUT_MS })
    return true
  } catch {
    return false
  } finally {
    client.close()
  }
}

function signalIfOurs({ pid, datadir }: RunningNode, signal: NodeJS.Signals): void {
  if (isAlive(pid, datadir)) signalProcess(pid, signal)
}

async function goneBy({ pid, datadir }: RunningNode, deadline: number): Promise<boolean> {
  while (isAlive(pid, datadir)) {
    if (performance.now() >= deadline) return false
    await sleep(POLL_MS / 2)
  }
  return true
}
