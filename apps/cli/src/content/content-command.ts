import { Args, Flags } from '@oclif/core'
import type { ContentSummary, RpcClient } from '@onehop/rpc'
import { UsageFailure } from '../failure.ts'
import { fitted, style } from '../format.ts'
import { NodeCommand } from '../node-command.ts'
import type { TargetFlags } from '../target.ts'
import type { OutputFlags } from '../watching.ts'

/** Columns of a name in a sentence. */
const MAX_NAME_COLUMNS = 60

const KEY_DESCRIPTION = 'Its key, infohash (or the beginning of one), magnet link or name.'

/** The argument of commands on one content. */
export const keyArg = Args.string({ description: KEY_DESCRIPTION, required: true })

/** The arguments and flags of a {@link ContentCommand}: oclif looks for them in each command itself. */
export const keysArgs = {
  KEY: Args.string({ description: KEY_DESCRIPTION, multiple: true, ignoreStdin: true }),
}
export const allFlag = { all: Flags.boolean({ description: 'All that the node has.' }) }
export const keysUsage = '<%= command.id %> KEY...'

/** A command that does the same to several contents, or to all. */
export abstract class ContentCommand extends NodeCommand {
  /** The keys that were typed, or all. @throws {UsageFailure} for neither. */
  protected async keysOf(
    client: RpcClient,
    typed: readonly string[],
    all: boolean,
  ): Promise<readonly string[]> {
    if (all && typed.length > 0) throw new UsageFailure('Name contents, or give --all, not both.')
    if (!all && typed.length === 0) throw new UsageFailure('KEY is missing; see --help.')
    if (!all) return typed
    const list = await client.call('content.list', [], { signal: this.signal })
    return list.map(({ key }) => key)
  }

  /** Changes one after the other, and shows each as it is then. */
  protected async changeEach(
    method: 'content.pause' | 'content.resume',
    typed: readonly string[],
    flags: TargetFlags & OutputFlags & { readonly all: boolean },
  ): Promise<void> {
    const client = this.connect(flags)
    const changed: ContentSummary[] = []
    for (const key of await this.keysOf(client, typed, flags.all))
      changed.push(await client.call(method, { key }, { signal: this.signal }))
    this.show(changed, flags, {
      text: () => changed.map(content => sentenceOf(content)).join('\n'),
      ids: () => changed.map(({ key }) => key),
    })
  }
}

/** `film.mp4 is paused.` */
export function sentenceOf({ name, key, state, problem, reason }: ContentSummary): string {
  const shown = style('bold', fitted(name === '' ? key : name, MAX_NAME_COLUMNS))
  const why = problem ?? reason
  return `${shown} is ${state}${why === undefined ? '.' : `: ${why}`}`
}
