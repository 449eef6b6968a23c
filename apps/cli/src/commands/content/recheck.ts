import { setTimeout as sleep } from 'node:timers/promises'
import type { ContentSummary, RpcClient } from '@onehop/rpc'
import { allFlag, ContentCommand, keysArgs, keysUsage, sentenceOf } from '../../content/content-command.ts'
import { byteCount, fitted, percent } from '../../format.ts'
import { type ProgressView, watched } from '../../watching.ts'

/** Time in ms between two looks at whether it is done. */
const POLL_MS = 200

const MAX_NAME_COLUMNS = 24

export class ContentRecheck extends ContentCommand {
  static override summary =
    'Verify what is on the disk again, piece by piece. What is damaged is fetched again when it is resumed.'
  static override strict = false
  static override usage = keysUsage
  static override args = keysArgs
  static override flags = allFlag
  static override examples = [
    '<%= config.bin %> <%= command.id %> film.mp4',
    '<%= config.bin %> <%= command.id %> --all --json',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ContentRecheck)
    const client = this.connect(flags)
    const checked: ContentSummary[] = []
    for (const key of await this.keysOf(client, argv as string[], flags.all)) {
      const work = checkOne(client, key, this.signal)
      checked.push(await watched(work, () => lookAt(client, key), flags))
    }
    this.show(checked, flags, {
      text: () => checked.map(describe).join('\n'),
      ids: () => checked.map(({ key }) => key),
    })
  }
}

async function checkOne(client: RpcClient, key: string, signal: AbortSignal): Promise<ContentSummary> {
  let content = await client.call('content.recheck', { key }, { signal, timeoutMs: 0 })
  while (content.state === 'checking') {
    await sleep(POLL_MS, undefined, { signal })
    content = await summaryOf(client, content.key, signal)
  }
  return content
}

/** Without what `content.show` adds. */
async function summaryOf(client: RpcClient, key: string, signal?: AbortSignal): Promise<ContentSummary> {
  const list = await client.call('content.list', [], signal === undefined ? {} : { signal })
  const found = list.find(content => content.key === key)
  return found ?? client.call('content.show', { key })
}

async function lookAt(client: RpcClient, key: string): Promise<ProgressView | undefined> {
  const { name, bytes, bytesDone } = await client.call('content.show', { key })
  const figures = `${byteCount(bytesDone)} of ${byteCount(bytes)} verified`
  return { title: fitted(name, MAX_NAME_COLUMNS), done: bytesDone, total: bytes, figures }
}

function describe(content: ContentSummary): string {
  const { bytesDone, bytesWanted } = content
  return `${sentenceOf(content)} ${percent(bytesDone, bytesWanted)} of ${byteCount(bytesWanted)} is here.`
}
