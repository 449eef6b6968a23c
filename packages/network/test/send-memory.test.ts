import assert from 'node:assert/strict'
import { MIN_RELEASED_BYTES, SEND_BUFFER_BYTES } from '../src/limits.ts'
import { releaseMemory } from '../src/release-memory.ts'
import { onEncrypted, takeSendMemory } from '../src/send-memory.ts'

describe('memory for what is sent', () => {
  it('is used again when the last of its bytes is encrypted, not before', () => {
    const first = takeSendMemory(100_000)
    onEncrypted(first.subarray(0, 60_000))
    assert.ok(takeSendMemory(100_000).buffer !== first.buffer)
    onEncrypted(first.subarray(60_000))
    const second = takeSendMemory(50_000)
    assert.ok(second.buffer === first.buffer)
    assert.equal(second.length, 50_000)
  })

  it('is not waited for twice: what is encrypted without having been asked for changes nothing', () => {
    const own = new Uint8Array(SEND_BUFFER_BYTES)
    onEncrypted(own)
    assert.ok(takeSendMemory(10).buffer !== own.buffer)
  })

  it('is made for longer sends, and not kept', () => {
    const long = takeSendMemory(SEND_BUFFER_BYTES + 1)
    assert.equal(long.length, SEND_BUFFER_BYTES + 1)
    onEncrypted(long)
    assert.ok(takeSendMemory(SEND_BUFFER_BYTES + 1).buffer !== long.buffer)
  })
})

describe('memory that is released', () => {
  const LENGTH = MIN_RELEASED_BYTES + 100

  it('is gone where the bytes fill it, but for a header', () => {
    for (const headerBytes of [0, 12]) {
      const bytes = new Uint8Array(LENGTH).subarray(headerBytes)
      releaseMemory(bytes, headerBytes)
      assert.equal(bytes.length, 0)
    }
  })

  it('stays where other bytes lie in it, too', () => {
    const whole = new Uint8Array(LENGTH)
    for (const part of [whole.subarray(1), whole.subarray(0, -1)]) {
      releaseMemory(part)
      assert.equal(part.length, LENGTH - 1)
    }
    releaseMemory(whole.subarray(13), 12)
    assert.equal(whole.length, LENGTH)
  })

  it('stays where it is short, or shared with threads', () => {
    const short = new Uint8Array(MIN_RELEASED_BYTES - 1)
    const shared = new Uint8Array(new SharedArrayBuffer(LENGTH))
    for (const bytes of [short, shared]) releaseMemory(bytes)
    assert.equal(short.length, MIN_RELEASED_BYTES - 1)
    assert.equal(shared.length, LENGTH)
  })
})
