import { Args } from '@oclif/core'
import type { LookupResult } from '@onehop/rpc'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { count, duration, fitted, style } from '../format.ts'
import { NodeCommand } from '../node-command.ts'

/** Longer names are cut. Other nodes choose them. */
const MAX_NAME_COLUMNS = 80

export class Lookup extends NodeCommand {
  static override summary = 'Find out who has content.'
  static override args = {
    KEY_OR_NAME: Args.string({
      description: 'A key (CID), an infohash in hex, a magnet link, or a name.',
      required: true,
    }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> bahx2cfahwcn4nvlmepqlmw2x4pttgbxgr3nbu --node 7 --json',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Lookup)
    const key = args.KEY_OR_NAME
    const found = await this.connect(flags).call('content.lookup', { key }, { signal: this.signal })
    if (found.providers.length === 0) throw new CommandFailure(EXIT.notFound, `Nobody has "${key}".`)
    this.show(found, flags, {
      text: () => describe(found),
      ids: () => found.providers.map(({ peerId }) => peerId),
    })
  }
}

function describe({ key, name, providers, hops, messages, attempts, elapsedMs }: LookupResult): string {
  const cost = [
    count(hops, 'hop'),
    count(messages, 'message'),
    count(attempts, 'attempt'),
    duration(elapsedMs),
  ].join(', ')
  return [
    `${name === undefined ? key : `${style('bold', fitted(name, MAX_NAME_COLUMNS))}  ${key}`}`,
    `${count(providers.length, 'provider')} found in ${cost}`,
    ...providers.flatMap(({ peerId, addresses, expiresAt }) => [
      `  ${peerId}  until ${new Date(expiresAt * 1000).toISOString()}`,
      ...addresses.map(address => `    ${address}`),
    ]),
  ].join('\n')
}
