import type { MessagePurpose, OverlayFactory } from '@onehop/overlay'
import { assertOk } from '@onehop/primitives'
import { gnutellaCodec } from './codec.ts'
import { GnutellaMachine } from './machine.ts'
import type { GnutellaMessage } from './messages.ts'
import { checkGnutellaOptions, GNUTELLA_DEFAULT, type GnutellaOptions } from './options.ts'

/** Makes Gnutella servents. @throws {AssertionError} for options that make no sense. */
export function gnutella(options: Partial<GnutellaOptions> = {}): GnutellaFactory {
  const { ttl = GNUTELLA_DEFAULT.ttl } = options
  const complete = { ...GNUTELLA_DEFAULT, ringTtls: [ttl], ...options }
  assertOk(checkGnutellaOptions(complete))
  return {
    protocol: 'gnutella/1',
    codec: gnutellaCodec,
    purposeOf,
    create: environment => new GnutellaMachine(environment, complete),
  }
}

/** An overlay factory whose machines are servents. */
export interface GnutellaFactory extends OverlayFactory<GnutellaMessage> {
  create(...parameters: Parameters<OverlayFactory<GnutellaMessage>['create']>): GnutellaMachine
}

function purposeOf({ type }: GnutellaMessage): MessagePurpose {
  switch (type) {
    case 'query':
    case 'query-hit':
      return 'lookup'
    case 'push':
    case 'giv':
      return 'delivery'
    case 'ping':
    case 'pong':
      return 'maintenance'
    default:
      return 'join'
  }
}
