import type { OverlayFactory } from '@onehop/overlay'
import { assert } from '@onehop/primitives'
import { CHORD_DEFAULT, CHORD_TESTNET, chord } from './chord/index.ts'
import { FASTTRACK_DEFAULT, FASTTRACK_TESTNET, fasttrack } from './fasttrack/index.ts'
import { GNUTELLA_DEFAULT, GNUTELLA_TESTNET, gnutella } from './gnutella/index.ts'
import { NAPSTER_DEFAULT, NAPSTER_TESTNET, napster } from './napster/index.ts'
import { PASTRY_DEFAULT, PASTRY_TESTNET, pastry } from './pastry/index.ts'

/** The classic overlays by the names that people give them, in the order in which they came. */
export const OVERLAY_NAMES = ['napster', 'gnutella', 'fasttrack', 'chord', 'pastry'] as const

/** One of {@link OVERLAY_NAMES}. */
export type OverlayName = (typeof OVERLAY_NAMES)[number]

/** `default`: the published values, for networks of strangers. `testnet`: times of seconds, for a few nodes at hand. */
export type OverlayPreset = 'default' | 'testnet'

type Presets = Readonly<Record<OverlayPreset, () => OverlayFactory<unknown>>>

/** One line each. */
const OVERLAYS: Readonly<Record<OverlayName, Presets>> = {
  fasttrack: { default: () => fasttrack(FASTTRACK_DEFAULT), testnet: () => fasttrack(FASTTRACK_TESTNET) },
  gnutella: { default: () => gnutella(GNUTELLA_DEFAULT), testnet: () => gnutella(GNUTELLA_TESTNET) },
  napster: { default: () => napster(NAPSTER_DEFAULT), testnet: () => napster(NAPSTER_TESTNET) },
  chord: { default: () => chord(CHORD_DEFAULT), testnet: () => chord(CHORD_TESTNET) },
  pastry: { default: () => pastry(PASTRY_DEFAULT), testnet: () => pastry(PASTRY_TESTNET) },
}

/** Whether the text names a classic overlay. */
export function isOverlayName(text: string): text is OverlayName {
  return (OVERLAY_NAMES as readonly string[]).includes(text)
}

/** Makes an overlay's factory. @throws {AssertionError} for a name that is not among {@link OVERLAY_NAMES}. */
export function classicOverlay(name: OverlayName, preset: OverlayPreset): OverlayFactory<unknown> {
  assert(isOverlayName(name), `there is no overlay "${name}"`)
  return OVERLAYS[name][preset]()
}
