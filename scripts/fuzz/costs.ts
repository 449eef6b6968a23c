import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CostLimit, Finding, type Target } from './target.ts'

/** Bytes that may be allocated for an input of no bytes, and for each byte of it: objects are larger than their bytes. */
const BASE_MEMORY_BYTES = 32e6
const MEMORY_PER_BYTE = 2000
/** Bytes that a target may keep after the cases during which it is watched. */
const KEPT_BYTES = 16e6

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heldBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

interface Cost {
  readonly cpuMs: number
  readonly bytes: number
}

async function measure(target: Target, input: Uint8Array): Promise<Cost> {
  const heldBefore = heldBytes()
  const before = process.cpuUsage()
  await target.run(input)
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1000, bytes: heldBytes() - heldBefore }
}

function isTooMuch(
  { cpuMs, bytes }: Cost,
  { baseMs, microsecondsPerByte }: CostLimit,
  size: number,
): string | undefined {
  const allowedMs = baseMs + (microsecondsPerByte * size) / 1000
  if (cpuMs > allowedMs) return `took ${Math.round(cpuMs)} ms for ${size} bytes`
  const allowedBytes = BASE_MEMORY_BYTES + MEMORY_PER_BYTE * size
  return bytes > allowedBytes ? `allocated ${Math.round(bytes / 1e6)} MB for ${size} bytes` : undefined
}

/**
 * Runs the target. What seems to cost too much is run again, when compilers and collectors have done their part.
 * @throws {Finding} and what the target throws.
 */
export async function runWithLimits(target: Target, input: Uint8Array, limit: CostLimit): Promise<void> {
  let excess: string | undefined
  for (let attempt = 0; attempt < 3; attempt++) {
    excess = isTooMuch(await measure(target, input), limit, input.length)
    if (excess === undefined) return
    collect()
  }
  throw new Finding(`${excess}`)
}

/** Whether memory grows while one target runs, and no other. */
export class LeakWatch {
  private firstBytes = 0

  begin(): void {
    collect()
    this.firstBytes = heldBytes()
  }

  /** @throws {Finding} */
  end(): void {
    collect()
    const kept = heldBytes() - this.firstBytes
    if (kept > KEPT_BYTES) throw new Finding(`${Math.round(kept / 1e6)} MB are kept after some cases`)
  }
}
