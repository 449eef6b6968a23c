import type { MessagePurpose, OverlayFactory } from '@onehop/overlay'
import { assertOk } from '@onehop/primitives'
import { fastTrackCodec } from './codec.ts'
import { FastTrackMachine } from './machine.ts'
import type { FastTrackMessage } from './messages.ts'
import { checkFastTrackOptions, FASTTRACK_DEFAULT, type FastTrackOptions } from './options.ts'

const PURPOSES: Readonly<Record<FastTrackMessage['type'], MessagePurpose>> = {
  hello: 'join',
  welcome: 'join',
  register: 'publication',
  registered: 'publication',
  find: 'lookup',
  found: 'lookup',
  query: 'lookup',
  hits: 'lookup',
  ping: 'maintenance',
  pong: 'maintenance',
  link: 'maintenance',
  linked: 'maintenance',
  invite: 'join',
  invited: 'join',
  check: 'join',
  checked: 'join',
  redirect: 'join',
  bye: 'join',
  push: 'delivery',
  giv: 'delivery',
  receipt: 'delivery',
}

function purposeOf(message: FastTrackMessage): MessagePurpose {
  return message.type === 'register' && message.moved ? 'join' : PURPOSES[message.type]
}

/**
 * Makes FastTrack machines.
 * @param options changes of {@link FASTTRACK_DEFAULT}.
 * @throws {AssertionError} when they make no sense; {@link checkFastTrackOptions} tells beforehand.
 */
export function fasttrack(options: Partial<FastTrackOptions> = {}): OverlayFactory<FastTrackMessage> {
  const all = { ...FASTTRACK_DEFAULT, ...options }
  assertOk(checkFastTrackOptions(all))
  return {
    protocol: 'fasttrack/1',
    codec: fastTrackCodec,
    purposeOf,
    create: environment => new FastTrackMachine(environment, all),
  }
}
