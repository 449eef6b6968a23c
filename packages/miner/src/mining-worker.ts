import { parentPort } from 'node:worker_threads'
import { assertDefined } from '@onehop/primitives'
import { Claims, type NonceRange } from './claims.ts'
import { HeaderSearch } from './header-search.ts'

/** What a thread is to search. */
export interface ThreadJob {
  readonly header: Uint8Array
  readonly target: bigint
  readonly range: NonceRange
  /** The words of {@link Claims}. */
  readonly words: Int32Array<SharedArrayBuffer>
}

/** What a thread tells about the nonces that it has claimed, or that it claims no more. */
export type ThreadReport =
  | { readonly hashes: number; readonly nonce: number | undefined }
  | { readonly ended: true }

/** The entry of a worker thread: searches whatever it is sent. */
const port = assertDefined(parentPort ?? undefined, 'this file is the entry of a worker thread')

function report(message: ThreadReport): void {
  port.postMessage(message)
}

port.on('message', ({ header, target, range, words }: ThreadJob) => {
  const claims = new Claims(range, words)
  const search = new HeaderSearch(header, target)
  search.begin()
  for (let claim = claims.claim(); claim !== undefined; claim = claims.claim()) {
    const nonce = search.find(claim.start, claim.end)
    if (nonce !== undefined) claims.end()
    report({ hashes: (nonce ?? claim.end - 1) + 1 - claim.start, nonce })
  }
  report({ ended: true })
})
