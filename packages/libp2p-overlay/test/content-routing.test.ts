import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { MAX_PUBLICATIONS } from '@onehop/kelips'
import type { Outcome } from '@onehop/overlay'
import { KelipsContentRouting } from '../src/kelips/content-routing.ts'
import { Provisions } from '../src/kelips/provisions.ts'
import type { KelipsOverlay } from '../src/kelips/routing-port.ts'
import { cidOf } from './support/kelips-nodes.ts'

const SUCCESS: Outcome = {
  pointers: [],
  hops: 1,
  messages: 1,
  attempts: 1,
  elapsedMs: 1,
  acknowledgements: 2,
}

/** Content routing over an overlay whose publications end as the test says. */
async function routingOver(publish: (signal?: AbortSignal) => Promise<Outcome>) {
  const told: string[] = []
  let withdrawals = 0
  const overlay = {
    publish: (_publication: unknown, options: { signal?: AbortSignal }) => publish(options.signal),
    withdraw: async () => {
      withdrawals++
      return SUCCESS
    },
  } as unknown as KelipsOverlay
  const provisions = new Provisions(undefined, '/test')
  const routing = new KelipsContentRouting({
    log: defaultLogger().forComponent('test'),
    provisions,
    self: peerIdFromPrivateKey(await generateKeyPair('Ed25519')),
    ownAddresses: () => [],
    running: () => overlay,
    entered: async () => overlay,
    onProvided: ({ acknowledgements }) => told.push(`${acknowledgements} acknowledged`),
    onProvideFailed: ({ error }) => told.push(error.name),
    onLookup: () => {},
  })
  return { routing, provisions, told, withdrawals: () => withdrawals }
}

describe('how provide() ends', () => {
  const ENDS: readonly (readonly [string, Partial<Outcome>, string])[] = [
    ['nobody confirmed', { failure: 'not acknowledged', acknowledgements: 0 }, 'NotAcknowledgedError'],
    ['nobody answered in time', { failure: 'timed out', acknowledgements: 0 }, 'NotAcknowledgedError'],
    ['nobody could be reached', { failure: 'unreachable', acknowledgements: 0 }, 'NotAcknowledgedError'],
    ['nobody is known', { failure: 'no peers', acknowledgements: 0 }, 'NoPeersError'],
    ['only this node holds it', { acknowledgements: 0 }, 'NoPeersError'],
    ['the node stopped', { failure: 'cancelled', acknowledgements: 0 }, 'AbortError'],
  ]
  for (const [what, changes, name] of ENDS)
    it(`with ${name} when ${what}, and nothing is left behind`, async () => {
      const { routing, provisions, told, withdrawals } = await routingOver(async () => ({
        ...SUCCESS,
        ...changes,
      }))
      await assert.rejects(routing.provide(await cidOf('a')), { name })
      assert.deepEqual(told, [name])
      assert.equal(provisions.size, 0)
      await Promise.resolve()
      assert.equal(withdrawals(), 1)
    })

  it('well when somebody confirmed, as often as it is called', async () => {
    const { routing, provisions, told, withdrawals } = await routingOver(async () => SUCCESS)
    await routing.provide(await cidOf('a'))
    await routing.provide(await cidOf('a'))
    assert.deepEqual(told, ['2 acknowledged', '2 acknowledged'])
    assert.equal(provisions.size, 1)
    assert.equal(withdrawals(), 0)
  })

  it('without harm to what was provided before, when a later call fails', async () => {
    const outcomes: Outcome[] = [SUCCESS, { ...SUCCESS, acknowledgements: 0, failure: 'not acknowledged' }]
    const { routing, provisions, withdrawals } = await routingOver(async () => outcomes.shift()!)
    await routing.provide(await cidOf('a'))
    await assert.rejects(routing.provide(await cidOf('a')))
    assert.equal(provisions.size, 1)
    assert.equal(withdrawals(), 0)
  })

  it('without harm to another call that is under way, when one is given up', async () => {
    const ends: (() => void)[] = []
    const { routing, withdrawals } = await routingOver(
      signal =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          ends.push(() => resolve(SUCCESS))
        }),
    )
    const cid = await cidOf('a')
    const aborting = new AbortController()
    const givenUp = routing.provide(cid, { signal: aborting.signal })
    const patient = routing.provide(cid)
    await new Promise(resolve => setImmediate(resolve))
    aborting.abort(new Error('enough'))
    await assert.rejects(givenUp, /enough/)
    for (const end of ends) end()
    await patient
    assert.equal(withdrawals(), 0)
  })

  it('with TooManyProvisionsError beyond what one node can keep refreshing', async () => {
    const { routing, provisions } = await routingOver(async () => SUCCESS)
    Object.defineProperty(provisions, 'size', { value: MAX_PUBLICATIONS })
    await assert.rejects(routing.provide(await cidOf('one more')), { name: 'TooManyProvisionsError' })
  })
})
