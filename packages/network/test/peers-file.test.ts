import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_SAVED_PEERS } from '../src/limits.ts'
import { PeersFile } from '../src/peers-file.ts'

describe('the file of peers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-peers-'))
  const path = join(folder, 'peers.json')
  const warnings: string[] = []
  const open = () => new PeersFile(path, (_, message) => warnings.push(message))
  const ids: string[] = []
  const peer = (i: number) => ({
    peerId: ids[i]!,
    addresses: [multiaddr(`/ip4/10.0.0.1/tcp/${i + 1}`)],
  })

  before(async () => {
    for (let i = 0; i < MAX_SAVED_PEERS + 5; i++)
      ids.push((await generateKeyPair('Ed25519')).publicKey.toString())
  })

  afterEach(() => {
    rmSync(path, { force: true })
    warnings.length = 0
  })

  after(() => rmSync(folder, { recursive: true }))

  it('is empty at the first start, without a warning', async () => {
    assert.deepEqual(await open().load(), [])
    assert.deepEqual(warnings, [])
  })

  it('gives back the first peers that were saved, and leaves nothing else behind', async () => {
    await open().save(ids.map((_, i) => peer(i)))
    const loaded = await open().load()
    assert.equal(loaded.length, MAX_SAVED_PEERS)
    const found = loaded.find(({ peerId }) => peerId === ids[3])
    assert.deepEqual(found?.addresses.map(String), ['/ip4/10.0.0.1/tcp/4'])
    assert.deepEqual(readdirSync(folder), ['peers.json'])
  })

  it('is not emptied by a node that knows nobody', async () => {
    await open().save([peer(1)])
    await open().save([])
    assert.equal((await open().load()).length, 1)
  })

  for (const damage of [
    '',
    '{',
    'null',
    '[null]',
    '[{"peerId":1,"addresses":[]}]',
    '[{"peerId":"a","addresses":["x"]}]',
  ]) {
    it(`costs a warning, no more, when it holds ${JSON.stringify(damage)}`, async () => {
      writeFileSync(path, damage)
      assert.deepEqual(await open().load(), [])
      assert.equal(warnings.length, 1)
    })
  }

  it('costs a warning when it cannot be written', async () => {
    const file = new PeersFile(join(folder, 'missing', 'peers.json'), (_, message) => warnings.push(message))
    await file.save([peer(1)])
    await file.save([peer(1)])
    assert.equal(warnings.length, 1)
  })
})
