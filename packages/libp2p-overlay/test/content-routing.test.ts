import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { MAX_PUBLICATIONS } from '@onehop/kelips'
import type { Outcome } from '@onehop/overlay'
import type { Datastore } from 'interface-datastore'
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
async function routingOver(
  publish: (signal?: AbortSignal) => Promise<Outcome>,
  datastore: Datastore | undefined = undefined,
) {
  const told: string[] = []
  let withdrawals = 0
  const overlay = {
    publish: (_publication: unknown, options: { signal?: AbortSignal }) => publish(options.signal),
    withdraw: async (_key: unknown, options: { signal?: AbortSignal } = {}) => {
      options.signal?.throwIfAborted()
      withdrawals++
      return SUCCESS
    },
  } as unknown as KelipsOverlay
  const provisions = new Provisions(datastore, '/test')
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

  it('with the error of a datastore that cannot keep it, and nothing is left behind', async () => {
    const full = { put: () => Promise.reject(new Error('the disk is full')) } as unknown as Datastore
    const { routing, provisions, withdrawals } = await routingOver(async () => SUCCESS, full)
    await assert.rejects(routing.provide(await cidOf('a')), /the disk is full/)
    assert.equal(provisions.size, 0)
    await Promise.resolve()
    assert.equal(withdrawals(), 1)
  })

  it('with AbortError when it is taken back meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const { routing, provisions, told } = await routingOver(() => promise)
    const cid = await cidOf('a')
    const providing = routing.provide(cid)
    await routing.cancelReprovide(cid)
    resolve(SUCCESS)
    await assert.rejects(providing, { name: 'AbortError' })
    assert.deepEqual([provisions.size, told], [0, ['AbortError']])
  })

  it('with TooManyProvisionsError beyond what one node can keep refreshing', async () => {
    const { routing, provisions } = await routingOver(async () => SUCCESS)
    Object.defineProperty(provisions, 'size', { value: MAX_PUBLICATIONS })
    await assert.rejects(routing.provide(await cidOf('one more')), { name: 'TooManyProvisionsError' })
  })

  it('with TooManyProvisionsError for the one of two calls at once that there is no room for', async () => {
    const { routing, provisions } = await routingOver(async () => SUCCESS)
    Object.defineProperty(provisions, 'size', { value: MAX_PUBLICATIONS - 1 })
    const calls = [routing.provide(await cidOf('last')), routing.provide(await cidOf('one more'))]
    await assert.rejects(calls[1]!, { name: 'TooManyProvisionsError' })
    await calls[0]
  })
})

describe('what is taken back', () => {
  it('is not provided again after a restart, though it was waiting for its turn', async () => {
    let publications = 0
    const { routing, provisions } = await routingOver(async () => {
      publications++
      return SUCCESS
    })
    const cid = await cidOf('a')
    await provisions.add(cid)
    await routing.cancelReprovide(cid)
    await routing.provideAgain(cid, new AbortController().signal)
    assert.equal(publications, 0)
  })

  it('is still provided when the call was given up before it began', async () => {
    const { routing, provisions, withdrawals } = await routingOver(async () => SUCCESS)
    const cid = await cidOf('a')
    await routing.provide(cid)
    await assert.rejects(routing.cancelReprovide(cid, { signal: AbortSignal.abort() }))
    assert.deepEqual([provisions.size, withdrawals()], [1, 0])
  })

  it('is taken back in the network, too, when the call is given up while the datastore works', async () => {
    const giving = new AbortController()
    const slow = { put: async () => {}, delete: async () => giving.abort() } as unknown as Datastore
    const { routing, provisions, withdrawals } = await routingOver(async () => SUCCESS, slow)
    const cid = await cidOf('a')
    await routing.provide(cid)
    await routing.cancelReprovide(cid, { signal: giving.signal }).catch(() => {})
    assert.deepEqual([provisions.size, withdrawals()], [0, 1])
  })
})
