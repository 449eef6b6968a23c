import assert from 'node:assert/strict'
import type { PeerAddress, PeerId } from '@onehop/overlay'
import {
  contentKey,
  infohashToCid,
  infohashToMultihash,
  type Key,
  nameKey,
  type Outcome,
  type Pointer,
} from '@onehop/overlay'
import { bytesToHex } from '@onehop/primitives'
import { RpcError } from '@onehop/rpc'
import { type LookupOverlay, parseReference, resolveContent } from '../src/content/resolve.ts'

const INFOHASH = new Uint8Array(20).fill(1)
const OTHER = new Uint8Array(20).fill(2)
const CONTENT = infohashToMultihash(INFOHASH)

const refusal = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof RpcError && error.code === code && message.test(error.message)

function pointer(key: Key, provider: number, rest: Partial<Pointer> = {}): Pointer {
  return {
    version: 1,
    kind: rest.target === undefined ? 'content' : 'name',
    key,
    provider: Uint8Array.from([0, 36, 8, 1, 18, 32, ...new Uint8Array(32).fill(provider)]) as PeerId,
    addresses: [Uint8Array.from([4, 127, 0, 0, 1, 6, 0, 80]) as PeerAddress],
    sequence: 1,
    expiresAt: 1_800_000_000,
    signature: new Uint8Array(64),
    ...rest,
  }
}

/** An overlay that knows these pointers, each lookup costing one hop and two messages. */
function overlayOf(pointers: readonly Pointer[], failure?: Outcome['failure']): LookupOverlay {
  const outcome = (found: readonly Pointer[], failed?: Outcome['failure']): Outcome => {
    const cost = { hops: 1, messages: 2, attempts: 1, elapsedMs: 3, acknowledgements: 0 }
    return { ...cost, pointers: found, ...(failed === undefined ? {} : { failure: failed }) }
  }
  return {
    isReady: true,
    isolation: undefined,
    ready: Promise.resolve(outcome([])),
    lookup: async key => {
      const found = pointers.filter(each => bytesToHex(each.key) === bytesToHex(key))
      return outcome(found, found.length === 0 ? (failure ?? 'not found') : undefined)
    },
  }
}

const resolve = (overlay: LookupOverlay, text: string) =>
  resolveContent(overlay, parseReference(text), new AbortController().signal)

describe('content', () => {
  const providers = [
    pointer(contentKey(CONTENT), 1, { displayName: 'film.mp4' }),
    pointer(contentKey(CONTENT), 2),
  ]

  it('is found by its infohash, its CID and its magnet link, under the name that providers give it', async () => {
    const hex = bytesToHex(INFOHASH)
    for (const text of [hex, infohashToCid(INFOHASH), `magnet:?xt=urn:btih:${hex}`]) {
      const found = await resolve(overlayOf(providers), text)
      assert.equal(found.content.cid, infohashToCid(INFOHASH))
      assert.deepEqual([found.name, found.providers.length], ['film.mp4', 2])
      assert.deepEqual([found.hops, found.messages, found.attempts, found.elapsedMs], [1, 2, 1, 3])
      assert.match(found.providers[0]?.addresses[0] ?? '', /^\/ip4\/127\.0\.0\.1\/tcp\/80\/p2p\/12D3KooW/)
    }
  })

  it('is found by its name at the cost of two lookups', async () => {
    const named = pointer(nameKey('film.mp4'), 1, { target: CONTENT })
    const found = await resolve(overlayOf([named, ...providers]), 'film.mp4')
    assert.deepEqual([found.content.cid, found.name], [infohashToCid(INFOHASH), 'film.mp4'])
    assert.deepEqual([found.hops, found.messages, found.attempts, found.elapsedMs], [1, 4, 2, 6])
  })

  it('of several with one name is the one that most providers vouch for, and of equals the same everywhere', async () => {
    const vote = (provider: number, infohash: Uint8Array) =>
      pointer(nameKey('a'), provider, { target: infohashToMultihash(infohash) })
    const contents = [INFOHASH, OTHER].map(infohash => pointer(contentKey(infohashToMultihash(infohash)), 1))
    const most = [vote(1, INFOHASH), vote(2, OTHER), vote(3, OTHER), ...contents]
    assert.equal((await resolve(overlayOf(most), 'a')).content.cid, infohashToCid(OTHER))
    for (const equal of [
      [vote(1, INFOHASH), vote(2, OTHER)],
      [vote(2, OTHER), vote(1, INFOHASH)],
    ]) {
      const found = await resolve(overlayOf([...equal, ...contents]), 'a')
      assert.equal(found.content.cid, infohashToCid(INFOHASH))
    }
  })

  it('that nobody has is not found; silence is another answer', async () => {
    await assert.rejects(resolve(overlayOf([]), 'film.mp4'), refusal(-40, /^Nobody provides/))
    await assert.rejects(resolve(overlayOf([]), bytesToHex(INFOHASH)), refusal(-40, /^Nobody provides baf/))
    await assert.rejects(resolve(overlayOf([], 'timed out'), 'film.mp4'), refusal(-41, /^Nobody answered/))
    const nameOnly = [pointer(nameKey('film.mp4'), 1, { target: CONTENT })]
    await assert.rejects(resolve(overlayOf(nameOnly), 'film.mp4'), refusal(-40, /"film.mp4"/))
  })

  it('cannot be looked for without a reference to it', () => {
    for (const text of ['', '  ', 'magnet:?xt=urn:btih:zzz']) {
      assert.throws(() => parseReference(text), refusal(-8, /^".*" tells no content: .+\.$/))
    }
  })

  it('says why nobody can answer, where it knows', async () => {
    const overlay = { ...overlayOf([]), isolation: 'Nobody here speaks chord.' }
    await assert.rejects(
      resolveContent(overlay, parseReference('x.bin'), new AbortController().signal),
      refusal(-40, /^Nobody provides x\.bin\. Nobody here speaks chord\.$/),
    )
  })
})
