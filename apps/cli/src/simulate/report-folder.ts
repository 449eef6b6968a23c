import { accessSync, constants, mkdirSync } from 'node:fs'

/** Makes the folder of a report before the run, which may take hours. @throws when nothing can be written there. */
export function assertWritable(folder: string): void {
  mkdirSync(folder, { recursive: true })
  accessSync(folder, constants.W_OK)
}
