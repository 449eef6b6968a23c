import { accessSync, constants } from 'node:fs'
import { Flags } from '@oclif/core'
import { makeFolder } from '../folder.ts'

/** Whoever may read what others write may read reports; the umask says who that is. */
const COMMON = 0o777

/** The flag of commands that can write one. */
export const reportFlag = {
  report: Flags.string({
    description: 'Write an HTML page with plots, and the result as JSON and CSV, into this folder.',
    helpValue: 'DIR',
  }),
}

/** Makes the folder of a report before the run, which may take hours. @throws when nothing can be written there. */
export function assertWritable(folder: string): void {
  makeFolder(folder, COMMON)
  accessSync(folder, constants.W_OK)
}
