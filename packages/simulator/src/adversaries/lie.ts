import type { KelipsMessage } from '@onehop/kelips'
import { type Key, keyHash32, type PeerHandle, type Pointer, SIGNATURE_BYTES } from '@onehop/overlay'
import { randomElement } from '@onehop/primitives'
import type { Accomplice, BehaviourMaker } from './behaviour.ts'
import { PROMOTED_COLLUDERS } from './limits.ts'

type Find = Extract<KelipsMessage, { readonly type: 'find' }>

function answer(self: Accomplice, from: PeerHandle, { request, key }: Find, pointers: readonly Pointer[]) {
  const members = self.conspiracy.colludersNear(keyHash32(key), PROMOTED_COLLUDERS)
  self.environment.send(from, { type: 'found', request, pointers, members, settled: true })
}

/** Says that there is nothing, that it must know, and that colluders know more. */
export const lie: BehaviourMaker = self => ({
  onReceive(from, message) {
    if (message.type !== 'find') return false
    answer(self, from, message, [])
    return true
  },
})

/** Answers with pointers that are none: of other keys, forged, tampered with, or expired. */
export const forge: BehaviourMaker = self => ({
  onReceive(from, message) {
    if (message.type !== 'find') return false
    const pointer = falsePointer(self, message.key)
    answer(self, from, message, pointer === undefined ? [] : [pointer])
    return true
  },
})

function falsePointer(self: Accomplice, key: Key): Pointer | undefined {
  const seen = randomElement(self.random, self.conspiracy.pointers)
  const kind = Math.floor(self.random() * 4)
  if (seen === undefined || kind === 0) return forged(self, key)
  if (kind === 1) return seen
  const { genuine: _genuine, ...fields } = seen
  if (kind === 2) return { ...fields, key }
  return { ...fields, key, expiresAt: Math.floor(self.environment.now() / 1000) - 1 }
}

/** Looks as if another node had signed it. */
function forged(self: Accomplice, key: Key): Pointer {
  const { environment, conspiracy, random } = self
  const victim = randomElement(random, conspiracy.records)?.record
  return {
    version: 1,
    kind: 'content',
    key,
    provider: victim?.id ?? environment.idOf(environment.self),
    addresses: victim?.addresses ?? [],
    sequence: Math.floor(environment.now()),
    expiresAt: Math.floor(environment.now() / 1000) + 600,
    signature: Uint8Array.from({ length: SIGNATURE_BYTES }, () => Math.floor(random() * 256)),
  }
}
