import { KelipsMachine, kelipsTables, type MemberEntry, type MemberRecord } from '@onehop/kelips'
import {
  type Key,
  keyHash32,
  type OverlayMachine,
  type PeerHandle,
  type Pointer,
  type Publication,
} from '@onehop/overlay'

/** What an experiment reads in an honest node's machine. Everything that knows the inside of Kelips is here. */
export class KelipsProbe {
  private readonly machine: KelipsMachine

  constructor(machine: KelipsMachine) {
    this.machine = machine
  }

  /** Whether the machine is an honest Kelips node's. */
  static of(machine: OverlayMachine<unknown> | undefined): KelipsProbe | undefined {
    return machine instanceof KelipsMachine ? new KelipsProbe(machine) : undefined
  }

  /** k, as this node has it. */
  get groups(): number {
    return this.machine.state.groupCount
  }

  get viewSize(): number {
    return this.machine.state.roster.viewSize
  }

  get contactCount(): number {
    return this.machine.state.roster.size - this.viewSize
  }

  get filetupleCount(): number {
    return this.machine.state.filetuples.size
  }

  /** Bytes of the tables, without what nodes of one process share. */
  get memoryBytes(): number {
    const { roster, filetuples } = this.machine.state
    return roster.table.byteLength + filetuples.byteLength
  }

  /** Whether a node or key of this hash belongs to this node's group. */
  covers(hash32: number): boolean {
    return this.machine.state.partition.isOwn(hash32)
  }

  /** Whether the node holds keys of this kind by its own opinion, for its own group or for others that are empty. */
  isHolder(key: Key): boolean {
    return this.machine.state.isHolder(key)
  }

  /** A live pointer under the key in the own table. */
  holds(key: Key, nowMs: number): boolean {
    return this.machine.state.filetuples.find(key, Math.floor(nowMs / 1000), 1).length > 0
  }

  /** The node's own word about itself. */
  ownEntry(): MemberEntry {
    return this.machine.state.own.entry()
  }

  /** How often the node says it anew. */
  get heartbeatMs(): number {
    return this.machine.state.lifetimes.heartbeatMs
  }

  /** Sets the depth of the node's group, as a first share of others would. */
  takeDepth(depth: number): void {
    this.machine.state.takeDepth(depth)
  }

  /** Divides the tables as another node has. */
  takeDepthOf({ machine: { state } }: KelipsProbe): void {
    if (state.options.groups === 'auto') this.machine.state.setTableDepth(state.own.depth)
  }

  /** Records of everybody in the tables of peers. */
  records(): MemberRecord[] {
    const { roster } = this.machine.state
    return [...roster.peers()].flatMap(peer => roster.recordOf(peer) ?? [])
  }

  pointers(): IterableIterator<Pointer> {
    return this.machine.state.filetuples.all()
  }

  capacityOf(bucket: number): number {
    return this.machine.state.partition.capacityOf(bucket)
  }

  /** Takes another's record into the tables, as if it had come by gossip. */
  meet(node: number, entry: MemberEntry): void {
    this.machine.state.roster.update(node as PeerHandle, entry)
  }

  /** Makes a publication the node's own, as if it had been placed long ago. */
  adopt(publication: Publication): Pointer {
    return this.machine.adopt(publication)
  }

  /** Puts a pointer into the table as if it had come by gossip long ago. */
  place(pointer: Pointer): void {
    this.machine.state.filetuples.put(pointer)
  }

  /** The same with many, for which room is made at once. */
  placeAll(pointers: readonly Pointer[]): void {
    this.machine.state.filetuples.reserve(pointers.length)
    for (const pointer of pointers) this.place(pointer)
  }

  /** So many peers will be met. */
  expectPeers(count: number): void {
    this.machine.state.roster.table.reserve(count)
  }

  /** The peers that the node knows where the key belongs. Handles are node numbers where they are shared. */
  contactsFor(key: Key): readonly number[] {
    return this.machine.state.coveringPeers(keyHash32(key))
  }

  /** The members of the own group in the view. */
  view(): readonly number[] {
    return this.machine.state.roster.view()
  }

  /** Tables that hold more than they may, by name. */
  overfull(): string[] {
    return kelipsTables(this.machine)
      .filter(({ size, limit }) => size > limit)
      .map(({ name }) => name)
  }
}
