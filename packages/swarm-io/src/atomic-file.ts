import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Replaces a file as one step: whoever reads it, also after a crash, sees the old bytes or the new ones. */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Makes renames in a folder last. Where folders cannot be synced (Windows), the file system sees to it. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}
