import type { MessagePurpose, OverlayFactory } from '@onehop/overlay'
import { assertOk } from '@onehop/primitives'
import { kelipsCodec } from './codec.ts'
import { KelipsMachine } from './machine.ts'
import type { KelipsMessage } from './messages.ts'
import { checkKelipsOptions, type KelipsOptions } from './options.ts'
import type { TableKind } from './tables.ts'

const PURPOSES: Readonly<
  Record<Exclude<KelipsMessage['type'], 'pull' | 'share' | 'find' | 'found'>, MessagePurpose>
> = {
  gossip: 'maintenance',
  news: 'publication',
  store: 'publication',
  stored: 'publication',
  locate: 'lookup',
  ping: 'maintenance',
  pong: 'maintenance',
}

/**
 * Makes Kelips machines.
 * @param options a preset ({@link KELIPS_TESTNET}, {@link KELIPS_DEFAULT}), or one with changes.
 * @param keeping how records and pointers are kept; a simulation of many nodes wants them shared.
 * @throws {AssertionError} when they make no sense; {@link checkKelipsOptions} tells beforehand.
 */
export function kelips(
  options: KelipsOptions,
  keeping: { readonly tables: TableKind } = { tables: 'packed' },
): OverlayFactory<KelipsMessage> {
  assertOk(checkKelipsOptions(options))
  return {
    protocol: 'kelips/1',
    codec: kelipsCodec,
    purposeOf,
    create: environment => new KelipsMachine(environment, options, keeping.tables),
  }
}

/** Filetuples are pulled by those who enter a group; members alone, by whoever lacks contacts. */
function purposeOf(message: KelipsMessage): MessagePurpose {
  switch (message.type) {
    case 'pull':
      return message.filetuples ? 'join' : 'maintenance'
    case 'share':
      return message.pointers.length > 0 ? 'join' : 'maintenance'
    case 'find':
    case 'found':
      return message.forPublication ? 'publication' : 'lookup'
    default:
      return PURPOSES[message.type]
  }
}
