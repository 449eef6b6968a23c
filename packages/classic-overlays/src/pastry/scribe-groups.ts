import type { Handles, Key, PeerHandle } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { MAX_CHILDREN, MAX_CHILDREN_PER_GROUP, MAX_GROUPS, MAX_GROUPS_PER_CHILD } from './limits.ts'

/** Told of every multicast to a group. */
export type Listener = (payload: Uint8Array) => void

/** This node's place in one group's tree. */
export interface Group {
  readonly key: Key
  readonly listeners: Set<Listener>
  /** Who gets multicasts from us, and how many heartbeats it left unanswered. */
  readonly children: Map<PeerHandle, number>
  parent: PeerHandle | undefined
  isRoot: boolean
  /** Hops from the root, as the parent says. */
  depth: number
  /** When we asked to be let in, or the parent was last heard. */
  heardMs: number
}

/** The groups that a node is in, or forwards to: bounded, and every handle in them held. */
export class ScribeGroups {
  private readonly handles: Handles
  private readonly byKey = new Map<string, Group>()
  private readonly groupsOfChild = new Map<PeerHandle, number>()
  private links = 0

  constructor(handles: Handles) {
    this.handles = handles
  }

  get size(): number {
    return this.byKey.size
  }

  /** Links to children, in all groups together. */
  get childLinks(): number {
    return this.links
  }

  all(): Group[] {
    return [...this.byKey.values()]
  }

  find(key: Key): Group | undefined {
    return this.byKey.get(bytesKey(key))
  }

  /** The group, made when there is none; undefined: there is no room for it. */
  open(key: Key, nowMs: number): Group | undefined {
    const known = this.find(key)
    if (known !== undefined || this.byKey.size >= MAX_GROUPS) return known
    const group: Group = {
      key,
      listeners: new Set(),
      children: new Map(),
      parent: undefined,
      isRoot: false,
      depth: 0,
      heardMs: nowMs,
    }
    this.byKey.set(bytesKey(key), group)
    return group
  }

  close(group: Group): void {
    for (const child of [...group.children.keys()]) this.removeChild(group, child)
    this.setParent(group, undefined)
    this.byKey.delete(bytesKey(group.key))
  }

  clear(): void {
    for (const group of this.all()) this.close(group)
  }

  /** @returns whether it is a child now. */
  addChild(group: Group, child: PeerHandle): boolean {
    const groups = this.groupsOfChild.get(child) ?? 0
    if (group.children.has(child)) {
      group.children.set(child, 0)
      return true
    }
    const hasRoom =
      group.children.size < MAX_CHILDREN_PER_GROUP &&
      this.links < MAX_CHILDREN &&
      groups < MAX_GROUPS_PER_CHILD
    if (!hasRoom) return false
    group.children.set(this.handles.hold(child), 0)
    this.groupsOfChild.set(child, groups + 1)
    this.links++
    return true
  }

  removeChild(group: Group, child: PeerHandle): void {
    if (!group.children.delete(child)) return
    const left = (this.groupsOfChild.get(child) ?? 1) - 1
    if (left === 0) this.groupsOfChild.delete(child)
    else this.groupsOfChild.set(child, left)
    this.links--
    this.handles.drop(child)
  }

  setParent(group: Group, parent: PeerHandle | undefined): void {
    if (group.parent === parent) return
    if (parent !== undefined) this.handles.hold(parent)
    const before = group.parent
    group.parent = parent
    if (before !== undefined) this.handles.drop(before)
  }
}
