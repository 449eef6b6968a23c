import type { BlockIndex } from './block-index.ts'
import type { ChainState } from './chain-state.ts'
import type { ChainStore } from './chain-store.ts'
import { PRUNE_STEP_BYTES } from './limits.ts'
import {
  type FileKind,
  filesOverTarget,
  filesUpTo,
  highestPrunable,
  type PruneOptions,
  type StoredFile,
  storedFiles,
  usedBytes,
} from './pruning.ts'
import type { RecordEnd } from './storage/record-files.ts'

/** What is pruned. */
export interface PrunerParts {
  readonly store: ChainStore
  readonly index: BlockIndex
  readonly state: ChainState
  /** The lowest height whose block somebody still has to read. */
  neededFrom(): number
  /** Absent: nothing is ever deleted. */
  readonly options: PruneOptions | undefined
  /** Bytes of a block or undo file. */
  readonly maxFileBytes: number
}

/** Deletes old block and undo files, whole ones only. What changes the chain must not run beside it. */
export class Pruner {
  private readonly parts: PrunerParts
  /** Where block files ended when they were last looked at. */
  private lookedAt: RecordEnd | undefined
  private finished: { readonly key: string; readonly files: readonly StoredFile[] } | undefined

  constructor(parts: PrunerParts) {
    this.parts = parts
  }

  /** Whether blocks may be deleted. */
  get isEnabled(): boolean {
    return this.parts.options !== undefined
  }

  /** Bytes that block and undo files may take; undefined when only what is asked for is deleted. */
  get targetBytes(): number | undefined {
    return this.parts.options?.targetBytes
  }

  /** Bytes that block and undo files take. */
  usedBytes(): number {
    return usedBytes(this.files(), this.parts.store.fileEnds)
  }

  /** Deletes what is over the target. Looks only now and then, as it takes a while. */
  async keepTarget(): Promise<void> {
    const { targetBytes, parts } = this
    if (targetBytes === undefined || !this.isTime()) return
    this.lookedAt = parts.store.fileEnds.block
    const room = Math.min(PRUNE_STEP_BYTES, parts.maxFileBytes)
    await this.delete(
      filesOverTarget(this.files(), this.usedBytes(), targetBytes - room, this.highestPrunable()),
    )
  }

  /** Deletes the files that hold nothing above the height, but for what has to be kept. */
  async pruneTo(height: number): Promise<void> {
    if (!this.isEnabled) return
    await this.delete(filesUpTo(this.files(), Math.min(height, this.highestPrunable())))
  }

  /** Deletes files that a process which was killed had already left out of the index. */
  async removeLeftovers(): Promise<void> {
    const { store, index } = this.parts
    if (!index.isPruned) return
    const used = new Set(this.files().map(({ kind, number }) => `${kind} ${number}`))
    const kinds: readonly FileKind[] = ['block', 'undo']
    for (const kind of kinds) {
      for (let number = 0; number < store.fileEnds[kind].file; number++)
        if (!used.has(`${kind} ${number}`)) await store.removeFile(kind, number)
    }
  }

  /** Height of the highest block under the tip that is not whole here; −1 when all are. */
  prunedHeight(): number {
    const { index, state } = this.parts
    if (!index.isPruned) return -1
    for (let node = state.tip; node.parent !== undefined; node = node.parent) {
      const { block, undo } = index.entryOf(node)
      if (block === undefined || undo === undefined) return node.height
    }
    return -1
  }

  private highestPrunable(): number {
    const { state, neededFrom } = this.parts
    return highestPrunable(state.tip.height, neededFrom())
  }

  private isTime(): boolean {
    const { file, lengthBytes } = this.parts.store.fileEnds.block
    const { lookedAt } = this
    return lookedAt?.file !== file || lengthBytes - lookedAt.lengthBytes >= PRUNE_STEP_BYTES
  }

  private async delete(files: readonly StoredFile[]): Promise<void> {
    if (files.length === 0) return
    const highest = Math.max(...files.map(({ lastHeight }) => lastHeight))
    await this.parts.options?.beforePruning?.(highest)
    await this.parts.state.prune(files)
    this.finished = undefined
  }

  /** Finished files change only when one more is finished, or some are deleted. */
  private files(): readonly StoredFile[] {
    const { index, store } = this.parts
    const { block, undo } = store.fileEnds
    const key = `${block.file} ${undo.file}`
    if (this.finished?.key !== key) this.finished = { key, files: storedFiles(index.all(), store.fileEnds) }
    return this.finished.files
  }
}
