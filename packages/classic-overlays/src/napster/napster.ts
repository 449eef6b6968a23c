import type { MessagePurpose, OverlayFactory } from '@onehop/overlay'
import { assertOk } from '@onehop/primitives'
import { napsterCodec } from './codec.ts'
import { NapsterMachine } from './machine.ts'
import type { NapsterMessage } from './messages.ts'
import { checkNapsterOptions, NAPSTER_DEFAULT, type NapsterOptions } from './options.ts'

const PURPOSES: Readonly<Record<NapsterMessage['type'], MessagePurpose>> = {
  login: 'join',
  link: 'maintenance',
  where: 'join',
  welcome: 'join',
  upload: 'publication',
  held: 'publication',
  keepAlive: 'maintenance',
  alive: 'maintenance',
  logout: 'join',
  closing: 'join',
  introduce: 'join',
  find: 'lookup',
  search: 'lookup',
  found: 'lookup',
  ping: 'delivery',
  pong: 'delivery',
  call: 'delivery',
}

function purposeOf(message: NapsterMessage): MessagePurpose {
  const isMove = (message.type === 'upload' || message.type === 'held') && message.isMove
  if (isMove) return 'join'
  return message.type === 'welcome' && message.isKnown ? 'maintenance' : PURPOSES[message.type]
}

/**
 * Makes Napster machines.
 * @param options changes of {@link NAPSTER_DEFAULT}; or {@link NAPSTER_TESTNET}, with changes or without.
 * @throws {AssertionError} when they make no sense; {@link checkNapsterOptions} tells beforehand.
 */
export function napster(options: Partial<NapsterOptions> = {}): OverlayFactory<NapsterMessage> {
  const chosen = { ...NAPSTER_DEFAULT, ...options }
  assertOk(checkNapsterOptions(chosen))
  return {
    protocol: 'napster/1',
    codec: napsterCodec,
    purposeOf,
    create: environment => new NapsterMachine(environment, chosen),
  }
}
