import assert from 'node:assert/strict'
import type { IdentifyResult } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Outcome } from '@onehop/overlay'
import { OverlayGreeting } from '../src/overlay-greeting.ts'

const STRANGER = '12D3KooWGtPChEkYu4ARQJVoLDgbASHt8RSeYYvkebkiKc8CHyDb'
const JOINED: Outcome = { pointers: [], hops: 1, messages: 1, attempts: 1, elapsedMs: 1, acknowledgements: 0 }

function scene({ isReady = true, isKnown = false } = {}) {
  const joined: string[] = []
  let nowMs = 0
  const greeting = new OverlayGreeting({
    overlay: {
      protocol: '/onehop/0f9188f1/chord/1',
      isReady,
      knows: () => isKnown,
      join: async addresses => {
        joined.push(...addresses)
        return JOINED
      },
    },
    signal: new AbortController().signal,
    now: () => nowMs,
    log: () => {},
  })
  const meet = (overlay: string | undefined, ...addresses: string[]) => {
    const peerId = peerIdFromString(STRANGER)
    const result = {
      peerId,
      listenAddrs: addresses.map(each => multiaddr(each)),
    } as unknown as IdentifyResult
    greeting.onIdentify(result, { agent: '', speaksSync: true, isForeign: false, overlay })
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { joined, meet, pass }
}

const ADDRESS = '/ip4/10.0.0.1/tcp/4001'

describe('a stranger on the chain', () => {
  it('that runs the same overlay is joined, and the next one only after a while', () => {
    const { joined, meet, pass } = scene()
    meet('chord/1', `${ADDRESS}/p2p/${STRANGER}/p2p-circuit`, ADDRESS)
    meet('chord/1', ADDRESS)
    assert.deepEqual(joined, [`${ADDRESS}/p2p/${STRANGER}`])
    pass(30_000)
    meet('chord/1', ADDRESS)
    assert.equal(joined.length, 2)
  })

  it('that runs another one, or none, or listens nowhere, is left alone', () => {
    const { joined, meet } = scene()
    meet('kelips/1', ADDRESS)
    meet('chord/2', ADDRESS)
    meet(undefined, ADDRESS)
    meet('chord/1')
    assert.deepEqual(joined, [])
  })

  it('is none when the overlay knows it, and is not looked at before the node has entered', () => {
    for (const { joined, meet } of [scene({ isKnown: true }), scene({ isReady: false })]) {
      meet('chord/1', ADDRESS)
      assert.deepEqual(joined, [])
    }
  })
})
