import type { FetchStatus, RpcClient } from '@onehop/rpc'
import { byteCount, count, duration, fitted, rate } from '../format.ts'
import type { ProgressView } from '../watching.ts'

/** Columns of a name before a bar. */
const MAX_NAME_COLUMNS = 24

/** How far the fetch is; undefined when it is not under way. @param asked what the node knows it by. */
export async function lookAtFetch(client: RpcClient, asked: string): Promise<ProgressView | undefined> {
  const fetches = await client.call('content.fetches')
  const own = fetches.find(fetch => fetch.asked === asked)
  return own && viewOf(own)
}

function viewOf(fetch: FetchStatus): ProgressView {
  const { name, key, state, pieces, bytes, bytesDone, peers } = fetch
  const title = fitted(name === '' ? key : name, MAX_NAME_COLUMNS)
  if (pieces === 0) return { title, figures: `asking ${count(peers, 'peer')} what it is` }
  const sizes = `${byteCount(bytesDone)} of ${byteCount(bytes)}`
  if (state === 'checking') return { title, done: bytesDone, total: bytes, figures: `${sizes} verified` }
  return { title, done: bytesDone, total: bytes, figures: `${sizes}, ${movement(fetch)}` }
}

/** What matters most comes first: the line may be cut. */
function movement({
  downloadBytesPerSecond,
  uploadBytesPerSecond,
  peers,
  availability,
  etaMs,
}: FetchStatus): string {
  return [
    rate(downloadBytesPerSecond),
    ...(etaMs === undefined ? [] : [`${duration(etaMs)} left`]),
    count(peers, 'peer'),
    ...(availability === undefined ? [] : [`availability ${availability.toFixed(2)}`]),
    ...(uploadBytesPerSecond > 0 ? [`${rate(uploadBytesPerSecond)} up`] : []),
  ].join(', ')
}
