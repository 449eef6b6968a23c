import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Target } from '../target.ts'

/** Where official test data are, if they are. */
const FOLDER =
  process.env.ONEHOP_VECTORS ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url))
const HEX = /"((?:[0-9a-f]{2}){60,})"/gi
const MAX_SEEDS = 200
/** Longer blocks make every case slow. */
const MAX_BLOCK_BYTES = 200_000

function transactions(): Uint8Array[] {
  const path = join(FOLDER, 'bitcoin-core/tx_valid.json')
  if (!existsSync(path)) return []
  const texts = Array.from(readFileSync(path, 'utf8').matchAll(HEX), match => match[1] ?? '')
  return texts.slice(0, MAX_SEEDS).map(hex => new Uint8Array(Buffer.from(hex, 'hex')))
}

function blocks(): Uint8Array[] {
  return ['block1.raw', 'block300025.raw', 'block482683.raw']
    .map(name => join(FOLDER, 'blocks', name))
    .filter(existsSync)
    .map(path => new Uint8Array(readFileSync(path)))
    .filter(bytes => bytes.length <= MAX_BLOCK_BYTES)
}

const MORE: Readonly<Record<string, () => Uint8Array[]>> = { transaction: transactions, block: blocks }

/** The target with the vectors among its seeds, where the vectors are. */
export function withVectors(target: Target): Target {
  return { ...target, seeds: [...target.seeds, ...(MORE[target.name]?.() ?? [])] }
}
