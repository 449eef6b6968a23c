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

  it('are checked in a later turn, and not at all after a stop', async () => {
    const key = await generateKeyPair('Ed25519')
    const check = {
      signer: peerIdFromPrivateKey(key).toMultihash().bytes,
      payload,
      signature: ed25519Signer(key)(payload),
    }
    const stopping = new VerificationQueue()
    let answers = 0
    stopping.add({ ...check, done: () => answers++ })
    assert.equal(answers, 0)
    stopping.stop()
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(answers, 0)
  })
})
