import type { OnehopNode } from '@onehop/node'
import { ProgressLine } from './progress.ts'

/** Time in ms between two looks at how far the node is. */
const LOOK_MS = 250

/** Shows a bar whenever the node catches up with others. @returns ends that. */
export function showSync(node: OnehopNode): () => void {
  const line = new ProgressLine()
  const timer = setInterval(() => {
    const { height, headers, syncing } = node.status()
    if (syncing && headers > height) line.bar('syncing', height, headers, `block ${height} of ${headers}`)
    else line.clear()
  }, LOOK_MS)
  return () => {
    clearInterval(timer)
    line.clear()
  }
}
