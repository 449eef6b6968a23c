/** Transaction ids and merkle roots as blocks have them, many at once, and the same with Node's own hash. */
import { createHash } from 'node:crypto'
import { accelerate } from '@onehop/accelerators'
import { merkleRoot } from '@onehop/ledger'
import { concatBytes, sha256, sha256d, sha256dMany } from '@onehop/primitives'
import { callsPerCpuSecond } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'

const TRANSACTION_BYTES = 250
const LEAVES = 2000

function nodeSha256d(message: Uint8Array): Uint8Array {
  const once = createHash('sha256').update(message).digest()
  return createHash('sha256').update(once).digest()
}

function nodeMerkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves
  while (level.length > 1) {
    const parents: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2)
      parents.push(nodeSha256d(Buffer.concat([level[i]!, level[i + 1] ?? level[i]!])))
    level = parents
  }
  return level[0]!
}

/** Bytes that look random and are the same in each run. */
function messageOf(number: number, length: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i * 32 < length; i++) parts.push(sha256(Uint8Array.of(number, number >> 8, i)))
  return concatBytes(...parts).slice(0, length)
}

const run: TaskRun = async () => {
  accelerate()
  const transactions = Array.from({ length: LEAVES }, (_, i) => messageOf(i, TRANSACTION_BYTES))
  const leaves = transactions.map(sha256d)
  return {
    idsPerCpuSecond: LEAVES * callsPerCpuSecond(() => sha256dMany(transactions)),
    nodeIdsPerCpuSecond: LEAVES * callsPerCpuSecond(() => transactions.map(nodeSha256d)),
    rootsPerCpuSecond: callsPerCpuSecond(() => merkleRoot(leaves)),
    nodeRootsPerCpuSecond: callsPerCpuSecond(() => nodeMerkleRoot(leaves)),
  }
}

export default run
