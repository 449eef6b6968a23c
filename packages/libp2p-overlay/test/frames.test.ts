import assert from 'node:assert/strict'
import { concatBytes, DecodeError } from '@onehop/primitives'
import fc from 'fast-check'
import { FrameDecoder, framePrefix } from '../src/frames.ts'

function decode(bytes: Uint8Array, cuts: readonly number[], maxFrameBytes = 100_000): Uint8Array[] {
  const decoder = new FrameDecoder(maxFrameBytes)
  const frames: Uint8Array[] = []
  const bounds = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < bounds.length; i++)
    decoder.push(bytes.subarray(bounds[i - 1], bounds[i]), frame => frames.push(frame))
  return frames
}

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.nat(6_000)),
        (frames, cuts) => {
          const wire = concatBytes(...frames.flatMap(frame => [framePrefix(frame.length), frame]))
          const inside = cuts.filter(cut => cut < wire.length)
          assert.deepEqual(
            decode(wire, inside),
            frames.map(frame => new Uint8Array(frame)),
          )
        },
      ),
    )
  })

  it('above the limit are refused before their body comes', () => {
    assert.throws(() => decode(framePrefix(1_001), [], 1_000), DecodeError)
    assert.equal(decode(concatBytes(framePrefix(1_000), new Uint8Array(1_000)), [], 1_000).length, 1)
  })

  it('with an endless prefix are refused', () => {
    assert.throws(() => decode(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80), []), DecodeError)
  })

  it('never throw anything but a decode error for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), bytes => {
        try {
          decode(bytes, [], 64)
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })
})
