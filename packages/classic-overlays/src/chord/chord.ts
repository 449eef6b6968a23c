import type { OverlayFactory } from '@onehop/overlay'
import { assertOk } from '@onehop/primitives'
import { chordCodec } from './codec.ts'
import { type IdentifierSpace, Sha1Space } from './identifiers.ts'
import { ChordMachine } from './machine.ts'
import { type ChordMessage, chordPurpose } from './messages.ts'
import { CHORD_DEFAULT, type ChordOptions, checkChordOptions } from './options.ts'

/**
 * Makes Chord machines.
 * @param options changes of {@link CHORD_DEFAULT}, or a whole preset.
 * @param space where peers and keys stand: SHA-1, but for tests that set identifiers.
 * @throws {AssertionError} when they make no sense; {@link checkChordOptions} tells beforehand.
 */
export function chord(
  options: Partial<ChordOptions> = {},
  space: IdentifierSpace = new Sha1Space(options.bits ?? CHORD_DEFAULT.bits),
): OverlayFactory<ChordMessage> {
  const all = { ...CHORD_DEFAULT, ...options }
  assertOk(checkChordOptions(all))
  return {
    protocol: 'chord/1',
    codec: chordCodec,
    purposeOf: chordPurpose,
    create: environment => new ChordMachine(environment, all, space),
  }
}
