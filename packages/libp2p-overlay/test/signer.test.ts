import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ed25519Signer, VerificationQueue } from '../src/signer.ts'

describe('signatures with libp2p keys', () => {
  const queue = new VerificationQueue()
  const payload = new TextEncoder().encode('a pointer')

  function verify(signer: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return new Promise(done => queue.add({ signer, payload, signature, done }))
  }

  it('are what libp2p itself makes and accepts', async () => {
    const key = await generateKeyPair('Ed25519')
    const signature = ed25519Signer(key)(payload)
    assert.equal(signature.length, 64)
    assert.deepEqual(signature, new Uint8Array(await key.sign(payload)))
    assert.equal(await key.publicKey.verify(payload, signature), true)
    assert.equal(await verify(peerIdFromPrivateKey(key).toMultihash().bytes, signature), true)
  })

  it('of others, cut short, or of a key that is not Ed25519 are refused', async () => {
    const key = await generateKeyPair('Ed25519')
    const other = await generateKeyPair('Ed25519')
    const foreign = await generateKeyPair('secp256k1')
    const id = peerIdFromPrivateKey(key).toMultihash().bytes
    const signature = ed25519Signer(key)(payload)
    assert.equal(await verify(id, ed25519Signer(other)(payload)), false)
    assert.equal(await verify(id, signature.subarray(1)), false)
    assert.equal(await verify(peerIdFromPrivateKey(foreign).toMultihash().bytes, signature), false)
    assert.equal(await verify(new Uint8Array(38), signature), false)
    assert.throws(() => ed25519Signer(foreign), TypeError)
  })

  it('are checked at once when few come, the others in a later turn, and not at all after a stop', async () => {
    const key = await generateKeyPair('Ed25519')
    const check = {
      signer: peerIdFromPrivateKey(key).toMultihash().bytes,
      payload,
      signature: ed25519Signer(key)(payload),
    }
    const stopping = new VerificationQueue()
    const answers: boolean[] = []
    for (let i = 0; i < 10; i++) stopping.add({ ...check, done: valid => answers.push(valid) })
    assert.deepEqual(answers, [true, true, true, true])
    stopping.stop()
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(answers.length, 4)
  })

  describe('are fair to senders', () => {
    function flood(fair: VerificationQueue, sender: string, count: number, done: () => void): void {
      const check = { signer: new Uint8Array(38), payload, signature: new Uint8Array(64), done }
      fair.onAccountOf(sender, () => {
        for (let i = 0; i < count; i++) fair.add(check)
      })
    }

    it('who take turns: one with little is not behind one with much', async () => {
      const fair = new VerificationQueue()
      let floodChecks = 0
      flood(fair, 'loud', 1_000, () => floodChecks++)
      await new Promise<void>(resolve => flood(fair, 'quiet', 1, resolve))
      assert.ok(floodChecks <= 64, `${floodChecks} checks of the flood came before`)
      fair.stop()
    })

    it('of whom only the one with too much is turned away', () => {
      const fair = new VerificationQueue()
      flood(fair, 'loud', 1_100, () => {})
      assert.equal(fair.isSaturatedBy('loud'), true)
      assert.equal(fair.isSaturatedBy('quiet'), false)
      fair.stop()
      assert.equal(fair.isSaturatedBy('loud'), false)
    })

    it('of whom, when many flood together, those are still heard who have nothing waiting', () => {
      const fair = new VerificationQueue()
      for (let i = 0; i < 5; i++) flood(fair, `loud ${i}`, 1_000, () => {})
      assert.equal(fair.isSaturatedBy('loud 0'), true)
      assert.equal(fair.isSaturatedBy('quiet'), false)
      for (let i = 5; i < 9; i++) flood(fair, `loud ${i}`, 1_000, () => {})
      assert.equal(fair.isSaturatedBy('quiet'), true)
      fair.stop()
    })

    it('also for the checks that follow from a check', async () => {
      const fair = new VerificationQueue()
      await new Promise<void>(resolve =>
        flood(fair, 'loud', 1, () => {
          flood(fair, 'another', 1, () => {})
          const check = { signer: new Uint8Array(38), payload, signature: new Uint8Array(64), done: () => {} }
          for (let i = 0; i < 2_000; i++) fair.add(check)
          resolve()
        }),
      )
      assert.equal(fair.isSaturatedBy('loud'), true)
      assert.equal(fair.isSaturatedBy('another'), false)
      fair.stop()
    })
  })
})
