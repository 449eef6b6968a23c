import assert from 'node:assert/strict'
import { DecodeError, SeededRandom, sha256, utf8Encode } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  checkPointer,
  decodePointer,
  encodedPointerLength,
  encodePointer,
  nameKey,
  type Pointer,
  pointerPayload,
  signPointer,
  type UnsignedPointer,
  verifyPointer,
} from '../src/index.ts'

const NOW_S = 1_700_000_000
const random = new SeededRandom(7)
const provider = random.bytes(38)

function fakeSignature(payload: Uint8Array): Uint8Array {
  const half = sha256(payload)
  return Uint8Array.from([...half, ...half])
}

const unsigned: UnsignedPointer = {
  version: 1,
  kind: 'name',
  key: nameKey('song.mp3'),
  target: random.bytes(22),
  displayName: 'Song – é.mp3',
  bytes: 5_000_000_000,
  provider,
  addresses: [random.bytes(8), random.bytes(20)],
  sequence: 1_700_000_000_123,
  expiresAt: NOW_S + 30,
}
const pointer = signPointer(unsigned, fakeSignature)

function code(change: Partial<Pointer>): string {
  const verdict = checkPointer({ ...pointer, ...change }, NOW_S)
  return verdict.ok ? 'ok' : `${verdict.code} ${verdict.blame}`
}

describe('pointers', () => {
  it('come back from their encoding, whose length is known beforehand', () => {
    const { target: _target, displayName: _name, bytes: _bytes, ...least } = unsigned
    const variants: Pointer[] = [
      pointer,
      signPointer({ ...least, kind: 'content', addresses: [] }, fakeSignature),
      signPointer({ ...unsigned, withdrawn: true }, fakeSignature),
    ]
    for (const variant of variants) {
      const bytes = encodePointer(variant)
      assert.equal(bytes.length, encodedPointerLength(variant))
      assert.deepEqual(decodePointer(bytes), variant)
    }
  })

  it('sign every field', () => {
    const payload = pointerPayload(unsigned)
    const changes: Partial<UnsignedPointer>[] = [
      { version: 2 },
      { kind: 'word' },
      { key: nameKey('other') },
      { target: random.bytes(22) },
      { displayName: 'x' },
      { bytes: 1 },
      { provider: random.bytes(38) },
      { addresses: [] },
      { sequence: 1 },
      { expiresAt: 1 },
      { withdrawn: true },
    ]
    for (const change of changes) assert.notDeepEqual(pointerPayload({ ...unsigned, ...change }), payload)
    assert.deepEqual(payload.subarray(0, 17), utf8Encode('onehop/pointer/1\0'))
  })

  it('are verified against the provider they name', () => {
    verifyPointer(
      pointer,
      (signer, signed, payload, done) => {
        assert.equal(signer, provider)
        assert.equal(signed, pointer)
        assert.deepEqual(signed.signature, fakeSignature(payload()))
        done(true)
      },
      valid => assert.equal(valid, true),
    )
  })

  it('are checked before they are believed, and nobody is blamed for clocks and later versions', () => {
    assert.equal(code({}), 'ok')
    assert.equal(code({ version: 0 }), 'pointer-version sender')
    assert.equal(code({ version: 2 }), 'pointer-version nobody')
    assert.equal(code({ key: new Uint8Array(31) }), 'pointer-key sender')
    assert.equal(code({ provider: new Uint8Array(1) }), 'pointer-provider sender')
    assert.equal(code({ signature: new Uint8Array(63) }), 'pointer-signature-length sender')
    assert.equal(code({ displayName: 'é'.repeat(128) }), 'pointer-display-name sender')
    assert.equal(
      code({ addresses: Array.from({ length: 9 }, () => new Uint8Array(8)) }),
      'pointer-addresses sender',
    )
    assert.equal(code({ addresses: [new Uint8Array(193)] }), 'pointer-addresses sender')
    assert.equal(code({ kind: 'content' }), 'pointer-target sender')
    assert.equal(code({ target: new Uint8Array(69) }), 'pointer-target sender')
    assert.equal(code({ expiresAt: NOW_S }), 'pointer-expired nobody')
    assert.equal(code({ expiresAt: NOW_S + 49 * 3600 }), 'pointer-lifetime nobody')
    const { target: _target, ...untargeted } = pointer
    assert.equal(checkPointer(untargeted, NOW_S).ok, false)
  })

  it('refuse malformed bytes with a DecodeError and nothing else', () => {
    const bytes = encodePointer(pointer)
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => decodePointer(bytes.subarray(0, length)), DecodeError, `${length} bytes`)
    for (let round = 0; round < 2000; round++) {
      const broken = Uint8Array.from(bytes)
      broken[Math.floor(random.next() * broken.length)] = random.nextUint32() & 0xff
      try {
        decodePointer(broken)
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error))
      }
    }
    assert.throws(() => decodePointer(new Uint8Array(3000)), DecodeError)
  })
})
