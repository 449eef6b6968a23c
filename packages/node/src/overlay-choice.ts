import type { OverlayFactory } from '@onehop/overlay'
import type { OverlayName } from '@onehop/rpc'

/** `default`: for networks of strangers. `testnet`: times of seconds, for a few nodes at hand. */
type OverlayPreset = 'default' | 'testnet'

/** The overlay's machines. Only the package that it is in is loaded. */
export async function loadOverlay(
  name: OverlayName,
  preset: OverlayPreset,
): Promise<OverlayFactory<unknown>> {
  if (name === 'kelips') {
    const { kelips, KELIPS_DEFAULT, KELIPS_TESTNET } = await import('@onehop/kelips')
    return kelips(preset === 'testnet' ? KELIPS_TESTNET : KELIPS_DEFAULT)
  }
  const { classicOverlay } = await import('@onehop/classic-overlays')
  return classicOverlay(name, preset)
}
