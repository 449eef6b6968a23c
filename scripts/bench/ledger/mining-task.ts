/** The miner against a target that nothing meets, and a loop of Node's own hash over a header. */
import { createHash } from 'node:crypto'
import { Block, BlockHeader, serializeHeader } from '@onehop/ledger'
import { mineBlock } from '@onehop/miner'
import { sha256d } from '@onehop/primitives'
import { GENESIS_LINK, makeBlock } from '../../regtest/blocks.ts'
import { keyNamed, scriptFor } from '../../regtest/spends.ts'
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

async function hashesOf(template: Block): Promise<{ readonly hashes: number; readonly watch: Stopwatch }> {
  let hashes = 0
  const counting = (message: Uint8Array): Uint8Array => {
    hashes++
    return sha256d(message)
  }
  const watch = new Stopwatch()
  watch.start()
  const signal = AbortSignal.timeout(SEARCH_MS)
  await mineBlock(template, { signal, sha256d: counting }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  watch.stop()
  return { hashes, watch }
}

const run: TaskRun = async () => {
  const easy = makeBlock(GENESIS_LINK, { script: scriptFor(keyNamed('onehop bench miner'), 'p2wpkh') })
  const { version, previousBlock, merkleRoot, time } = easy.header
  const header = { version, previousBlock, merkleRoot, time, bits: IMPOSSIBLE_BITS, nonce: 0 }
  const template = new Block(new BlockHeader(header), easy.transactions)
  const { hashes, watch } = await hashesOf(template)
  return {
    hashesPerCpuSecond: hashes / watch.cost.cpuSeconds,
    hashesPerSecond: hashes / watch.cost.wallSeconds,
    nodeHashesPerCpuSecond: nodeHashesPerCpuSecond(serializeHeader(header)),
  }
}

export default run
