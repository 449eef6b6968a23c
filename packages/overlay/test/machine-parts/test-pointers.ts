import { sha256 } from '@onehop/primitives'
import type { Key, Pointer, UnsignedPointer } from '../../src/index.ts'
import { signPointer } from '../../src/index.ts'
import { testId, testSignature } from './strict-environment.ts'

/** What a test says of a pointer; the rest is always alike. */
export interface TestPointer {
  readonly key: number
  readonly provider: number
  readonly target?: number | undefined
  readonly sequence?: number
  readonly expiresAt: number
  readonly withdrawn?: boolean
}

export function testKey(n: number): Key {
  return sha256(Uint8Array.of(n)) as Key
}

/** A pointer signed by {@link testSignature}; with a target it is a name's. */
export function testPointer({
  key,
  provider,
  target,
  sequence = 1,
  expiresAt,
  withdrawn,
}: TestPointer): Pointer {
  const id = testId(provider)
  const unsigned: UnsignedPointer = {
    version: 1,
    kind: target === undefined ? 'content' : 'name',
    key: testKey(key),
    provider: id,
    addresses: [Uint8Array.of(4, 10, 0, 0, provider)],
    sequence,
    expiresAt,
    ...(target === undefined ? {} : { target: Uint8Array.of(0x12, target) }),
    ...(withdrawn === true ? { withdrawn } : {}),
  }
  return signPointer(unsigned, payload => testSignature(id, payload))
}
