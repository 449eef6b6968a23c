import { existsSync, readFileSync } from 'node:fs'
import type { Chain } from '@onehop/chain'
import { Block, parseBlock, serializeBlock, type Transaction } from '@onehop/ledger'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import type { WalletState } from '@onehop/wallet'
import { replaceFile } from './datadir.ts'
import { ConfigurationError } from './errors.ts'

/** What a block had for the wallet: its header, and of its transactions only the wallet's. */
export interface KeptBlock {
  readonly height: number
  readonly block: Block
}

/** Where is kept what the wallet could not read from deleted blocks again. */
export interface WalletHistoryFile {
  read(): readonly KeptBlock[]
  write(blocks: readonly KeptBlock[]): void
}

/** A history that ends with the process. */
export function inMemoryWalletHistory(): WalletHistoryFile {
  let kept: readonly KeptBlock[] = []
  return {
    read: () => kept,
    write: blocks => {
      kept = blocks
    },
  }
}

/** The file of the path, readable by its owner only: JSON of heights and blocks in hexadecimal. */
export function walletHistoryAt(path: string): WalletHistoryFile {
  return {
    read: () => (existsSync(path) ? parse(path) : []),
    write: blocks => {
      const entries = blocks.map(({ height, block }) => ({
        height,
        block: bytesToHex(serializeBlock(block)),
      }))
      replaceFile(path, Buffer.from(`${JSON.stringify(entries)}\n`))
    },
  }
}

function parse(path: string): KeptBlock[] {
  try {
    const entries = JSON.parse(readFileSync(path, 'utf8')) as { height: number; block: string }[]
    return entries.map(({ height, block }) => ({ height, block: parseBlock(hexToBytes(block)) }))
  } catch {
    throw new ConfigurationError(
      `The wallet's history ${path} is damaged; restore it, or move it away and lose what deleted blocks had paid.`,
    )
  }
}

/** What the wallet has in the blocks of the active chain up to a height, lowest first. */
export function keptBlocks(state: WalletState, chain: Chain, highest: number): KeptBlock[] {
  const byHeight = new Map<number, Transaction[]>()
  for (const { transaction, height } of state.history()) {
    if (height === undefined || height > highest) continue
    byHeight.set(height, [...(byHeight.get(height) ?? []), transaction])
  }
  return [...byHeight]
    .sort(([a], [b]) => a - b)
    .flatMap(([height, transactions]) => {
      const node = chain.nodeAtHeight(height)
      return node === undefined ? [] : [{ height, block: new Block(node.header, transactions) }]
    })
}
