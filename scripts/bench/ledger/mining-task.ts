/** The miner against a target that nothing meets, and a loop of Node's own hash over a header. */
import { createHash } from 'node:crypto'
import { Block, BlockHeader, serializeHeader } from '@onehop/ledger'
import { MiningThreads, mineBlock } from '@onehop/miner'
import { GENESIS_LINK, makeBlock } from '../../regtest/blocks.ts'
import { keyNamed, scriptFor } from '../../regtest/spends.ts'
import { numberOf } from '../parameters.ts'
import { callsPerCpuSecond, Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'

const NONCE_OFFSET = 76
/** Target 1. */
const IMPOSSIBLE_BITS = 0x0300_0001
const SEARCH_MS = 2000

function nodeHashesPerCpuSecond(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset)
  let nonce = 0
  return (
    callsPerCpuSecond(() => {
      for (let i = 0; i < 1000; i++) {
        view.setUint32(NONCE_OFFSET, nonce++, true)
        const once = createHash('sha256').update(header).digest()
        createHash('sha256').update(once).digest()
      }
    }) * 1000
  )
}

/** @param threads that do the work; without them this one does. They are waited for before anything is counted. */
async function hashesOf(
  template: Block,
  threads: MiningThreads | undefined,
): Promise<{ readonly hashes: number; readonly watch: Stopwatch }> {
  let hashes = 0
  const watch = new Stopwatch()
  const controller = new AbortController()
  let endsAtMs = 0
  const onHashes = (count: number): void => {
    if (endsAtMs === 0) {
      if (threads?.isBusy === false) return
      endsAtMs = performance.now() + SEARCH_MS
      watch.start()
    } else hashes += count
    if (performance.now() > endsAtMs) controller.abort()
  }
  await mineBlock(template, { signal: controller.signal, threads, onHashes }).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  watch.stop()
  await threads?.close()
  return { hashes, watch }
}

const run: TaskRun = async parameters => {
  const count = numberOf(parameters, 'threads')
  const easy = makeBlock(GENESIS_LINK, { script: scriptFor(keyNamed('onehop bench miner'), 'p2wpkh') })
  const { version, previousBlock, merkleRoot, time } = easy.header
  const header = { version, previousBlock, merkleRoot, time, bits: IMPOSSIBLE_BITS, nonce: 0 }
  const template = new Block(new BlockHeader(header), easy.transactions)
  const { hashes, watch } = await hashesOf(template, count === 0 ? undefined : new MiningThreads({ count }))
  return {
    hashesPerCpuSecond: hashes / watch.cost.cpuSeconds,
    hashesPerSecond: hashes / watch.cost.wallSeconds,
    nodeHashesPerCpuSecond: nodeHashesPerCpuSecond(serializeHeader(header)),
  }
}

export default run
