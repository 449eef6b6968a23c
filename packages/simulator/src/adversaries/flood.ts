import type { KelipsMessage, MemberEntry } from '@onehop/kelips'
import { SIGNATURE_BYTES } from '@onehop/overlay'
import type { Accomplice, BehaviourMaker } from './behaviour.ts'
import { FLOOD_MESSAGES, FLOOD_RECORDS } from './limits.ts'

const PEER_ID_BYTES = 38
const MORE_THAN_ANYBODY_GIVES = 0xffff_ffff

/** As many messages as it can send, each as dear to its receiver as possible: junk to check, tables to send back. */
export const flood: BehaviourMaker = self => ({
  onAttack(victims) {
    for (const victim of victims) {
      for (let i = 0; i < FLOOD_MESSAGES; i++) {
        const message = dearMessage(self, i)
        if (message !== undefined) self.environment.send(victim, message)
      }
    }
  },
})

function dearMessage(self: Accomplice, turn: number): KelipsMessage | undefined {
  const own = self.freshEntry()
  if (own === undefined) return undefined
  const request = Math.floor(self.random() * 0xffff_ffff)
  const key = randomBytes(self, 32)
  const kinds: KelipsMessage[] = [
    { type: 'found', request, pointers: [], members: junkRecords(self), settled: true },
    { type: 'find', request, key, limit: MORE_THAN_ANYBODY_GIVES },
    { type: 'stored', request, limit: MORE_THAN_ANYBODY_GIVES, members: junkRecords(self) },
    { type: 'ping', request, target: randomBytes(self, PEER_ID_BYTES) },
    { type: 'store', request, pointers: self.conspiracy.pointers.slice(0, FLOOD_RECORDS) },
  ]
  return kinds[(turn + Math.floor(self.random() * kinds.length)) % kinds.length]
}

/** Peers that do not exist. */
function junkRecords(self: Accomplice): MemberEntry[] {
  const own = self.freshEntry()
  if (own === undefined) return []
  const { genuine: _genuine, ...record } = own.record
  return Array.from({ length: FLOOD_RECORDS }, () => ({
    record: {
      ...record,
      id: randomBytes(self, PEER_ID_BYTES),
      signature: randomBytes(self, SIGNATURE_BYTES),
    },
    ageMs: 0,
  }))
}

function randomBytes(self: Accomplice, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(self.random() * 256))
}
