import { keyHash32, type PeerHandle } from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import { pointerCost } from './codec.ts'
import { fitting } from './filetuples.ts'
import { MAX_POINTERS_PER_KEY, MAX_SHARE_BYTES } from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Find, Locate } from './messages.ts'
import type { KelipsState } from './state.ts'

/** Answers others' lookups from the own tables, or with whom to ask instead. */
export class Answers {
  private readonly state: KelipsState

  constructor(state: KelipsState) {
    this.state = state
  }

  onFind(from: PeerHandle, { request, key, limit }: Find): void {
    const { state } = this
    const wanted = Math.max(1, Math.min(limit, MAX_POINTERS_PER_KEY))
    const pointers = fitting(state.filetuples.find(key, state.nowS(), wanted), MAX_SHARE_BYTES, pointerCost)
    const members = pointers.length > 0 ? [] : state.teachersOf(keyHash32(key), from)
    const settled = state.isSettledFor(keyHash32(key))
    state.environment.send(from, { type: 'found', request, pointers, members, settled })
  }

  onLocate(from: PeerHandle, { request, target }: Locate): void {
    const { environment, settled } = this.state
    const entry = this.entryOf(target)
    const members = entry === undefined ? [] : [entry]
    environment.send(from, { type: 'found', request, pointers: [], members, settled })
  }

  private entryOf(target: Uint8Array): MemberEntry | undefined {
    const { environment, handles, own } = this.state
    if (equalBytes(target, environment.idOf(environment.self))) return own.entry()
    return handles.with(target, peer => this.state.entryOf(peer))
  }
}
