import type { OverlayFactory } from '@onehop/overlay'
import { assertOk } from '@onehop/primitives'
import { pastryCodec } from './codec.ts'
import { PastryMachine } from './machine.ts'
import { type PastryMessage, purposeOf } from './messages.ts'
import { checkPastryOptions, PASTRY_DEFAULT, type PastryOptions } from './options.ts'

/**
 * Makes Pastry machines.
 * @param options what differs from {@link PASTRY_DEFAULT}; or a whole preset.
 * @throws {AssertionError} when they make no sense; {@link checkPastryOptions} tells beforehand.
 */
export function pastry(options: Partial<PastryOptions> = {}): OverlayFactory<PastryMessage> {
  const whole = { ...PASTRY_DEFAULT, ...options }
  assertOk(checkPastryOptions(whole))
  return {
    protocol: 'pastry/1',
    codec: pastryCodec,
    purposeOf,
    create: environment => new PastryMachine(environment, whole),
  }
}
