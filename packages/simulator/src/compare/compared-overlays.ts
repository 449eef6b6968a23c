import { OVERLAY_NAMES, type OverlayName } from '@onehop/classic-overlays'

/** Overlays that can be compared. */
export type ComparedOverlay = 'kelips' | OverlayName

/** All whose machines there are, in the order in which they are shown. */
export function comparableOverlays(): ComparedOverlay[] {
  return ['kelips', ...OVERLAY_NAMES]
}
