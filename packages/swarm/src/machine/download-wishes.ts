import type { Downloads } from '../download/downloads.ts'
import type { FilePriority } from '../download/file-priorities.ts'
import type { ReadAhead } from '../download/read-ahead.ts'

/** What is to be fetched, and what of it first: kept for when the info dictionary and the storage are there. */
export class DownloadWishes {
  priorities: readonly FilePriority[] = []
  isSequential = false
  readAhead: readonly ReadAhead[] = []

  applyTo(downloads: Downloads): void {
    downloads.picker.isSequential = this.isSequential
    if (this.priorities.length > 0) downloads.setPriorities(this.priorities)
    downloads.setReadAhead(this.readAhead)
  }
}
