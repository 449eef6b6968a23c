import { keyHash32, type PeerHandle } from '@onehop/overlay'
import { pointerCost } from './codec.ts'
import { MAX_POINTERS_PER_KEY, MAX_SHARE_BYTES } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Find, Locate } from './messages.ts'
import { fitting } from './pages.ts'
import type { KelipsState } from './state.ts'

/** Answers others' lookups from the own tables, or with whom to ask instead. */
export class Answers {
  private readonly state: KelipsState

  constructor(state: KelipsState) {
    this.state = state
  }

  onFind(from: PeerHandle, { request, key, limit, forPublication }: Find): void {
    const { state } = this
    const wanted = Math.max(1, Math.min(limit, MAX_POINTERS_PER_KEY))
    const pointers = fitting(state.filetuples.find(key, state.nowS(), wanted), MAX_SHARE_BYTES, pointerCost)
    const members = pointers.length > 0 ? [] : state.teachersOf(keyHash32(key), from)
    const settled = state.isSettledFor(keyHash32(key))
    const found = { type: 'found' as const, request, pointers, members, settled }
    state.environment.send(from, forPublication ? { ...found, forPublication } : found)
  }

  onLocate(from: PeerHandle, { request, target }: Locate): void {
    const { state } = this
    state.handles.with(target, peer => {
      const entry = this.entryOf(peer)
      const hash32 = state.environment.hash32(peer)
      const members = entry === undefined ? state.teachersOf(hash32, from) : [entry]
      const settled = state.isSettledFor(hash32)
      state.environment.send(from, { type: 'found', request, pointers: [], members, settled })
    })
  }

  private entryOf(peer: PeerHandle): MemberEntry | undefined {
    return peer === this.state.environment.self ? this.state.own.entry() : this.state.entryOf(peer)
  }
}
