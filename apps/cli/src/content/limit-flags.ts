import { Flags } from '@oclif/core'
import { decimal, transferLimit } from '../arguments.ts'

/** Above any ratio that somebody waits for. */
const MAX_RATIO = 1_000_000

/** Some nineteen years. */
const MAX_SEED_MINUTES = 10_000_000

/** How fast content may be, and how long it is seeded. */
export const limitFlags = {
  'download-limit': Flags.custom<number>({
    char: 'd',
    description: 'Bytes a second: 500K, 2M.',
    helpValue: 'RATE',
    parse: transferLimit('--download-limit'),
  })(),
  'upload-limit': Flags.custom<number>({
    char: 'u',
    description: 'The same for what is sent.',
    helpValue: 'RATE',
    parse: transferLimit('--upload-limit'),
  })(),
  'seed-ratio': Flags.custom<number>({
    description: 'Pause it when so much was sent for each byte of it.',
    helpValue: 'RATIO',
    parse: decimal('--seed-ratio', { min: 0, max: MAX_RATIO }),
  })(),
  'seed-time': Flags.custom<number>({
    description: 'Pause it when it has been seeded for so long.',
    helpValue: 'MINUTES',
    parse: decimal('--seed-time', { min: 0, max: MAX_SEED_MINUTES }),
  })(),
}

/** As the node wants them; undefined for what was not typed. */
export function typedLimits(flags: { readonly [name in keyof typeof limitFlags]?: number | undefined }) {
  return {
    downloadBytesPerSecond: flags['download-limit'],
    uploadBytesPerSecond: flags['upload-limit'],
    seedRatio: flags['seed-ratio'],
    seedMinutes: flags['seed-time'],
  }
}
