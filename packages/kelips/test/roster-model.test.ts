import assert from 'node:assert/strict'
import { type Environment, Handles, type PeerHandle, type PeerId } from '@onehop/overlay'
import { bytesKey, SeededRandom } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { MAX_DEPARTED } from '../src/limits.ts'
import type { MemberRecord } from '../src/member-record.ts'
import { PrefixPartition } from '../src/partition.ts'
import { Roster } from '../src/roster.ts'
import { makeTables, type TableKind } from '../src/tables.ts'

const STALE_MS = 1_000
const PEERS = 60
const random = new SeededRandom(21)
const IDS: readonly PeerId[] = Array.from({ length: PEERS }, (_, i) =>
  i % 7 === 0 ? random.bytes(34) : Uint8Array.of(0, 0x24, 8, 1, 0x12, 0x20, ...random.bytes(32)),
)
const HASHES = IDS.map(() => random.nextUint32())

/** Handles that are numbered anew each time, and of no use once they are released. */
class StrictEnvironment {
  readonly self = 0 as PeerHandle
  nowMs = 1_767_225_600_000
  private readonly peers = new Map<PeerHandle, number>([[0 as PeerHandle, 0]])
  private readonly handles = new Map<string, PeerHandle>([[bytesKey(IDS[0]!), 0 as PeerHandle]])
  private next = 1

  get inUse(): number[] {
    return [...this.peers.values()].sort((a, b) => a - b)
  }

  now(): number {
    return this.nowMs
  }

  intern(id: PeerId): PeerHandle {
    const known = this.handles.get(bytesKey(id))
    if (known !== undefined) return known
    const handle = this.next++ as PeerHandle
    this.handles.set(bytesKey(id), handle)
    this.peers.set(
      handle,
      IDS.findIndex(other => bytesKey(other) === bytesKey(id)),
    )
    return handle
  }

  hash32(peer: PeerHandle): number {
    return HASHES[this.numberOf(peer)]!
  }

  release(peer: PeerHandle): void {
    this.handles.delete(bytesKey(IDS[this.numberOf(peer)]!))
    this.peers.delete(peer)
  }

  numberOf(peer: PeerHandle): number {
    const number = this.peers.get(peer)
    assert.ok(number !== undefined, 'a released handle is used')
    return number
  }
}

interface Known {
  record: MemberRecord
  signedMs: number
  heardMs: number
  rttMs: number | undefined
  suspect: boolean
}

/** What the roster is to do, written down in the plainest way; peers by number. */
class Model {
  readonly live = new Map<number, Known>()
  readonly gone = new Map<number, { record: MemberRecord; sinceMs: number }>()
  partition: PrefixPartition
  nowMs = 0

  constructor(partition: PrefixPartition) {
    this.partition = partition
  }

  inBucketOf(peer: number): number[] {
    const bucketOf = (other: number) => this.partition.bucketOf(HASHES[other]!)
    return [...this.live.keys()].filter(other => bucketOf(other) === bucketOf(peer))
  }

  update(peer: number, record: MemberRecord, ageMs: number): string {
    const known = this.live.get(peer)
    const last = known?.record ?? this.gone.get(peer)?.record
    if (peer === 0 || (last !== undefined && record.heartbeat <= last.heartbeat)) return 'old'
    const signedMs = this.nowMs - ageMs
    if (record.left) {
      this.depart(peer, record)
      return 'left'
    }
    if (known !== undefined) {
      const later = (before: number) => Math.max(before, signedMs)
      const { rttMs } = known
      const times = { signedMs: later(known.signedMs), heardMs: later(known.heardMs) }
      this.live.set(peer, { record, ...times, rttMs, suspect: false })
      return 'fresher'
    }
    if (!this.makeRoom(peer, ageMs)) return 'full'
    this.gone.delete(peer)
    const fresh = { rttMs: undefined, suspect: false }
    this.live.set(peer, { record, signedMs, heardMs: signedMs, ...fresh })
    return 'new'
  }

  depart(peer: number, record = this.live.get(peer)?.record): void {
    if (record === undefined) return
    this.live.delete(peer)
    this.gone.set(peer, { record, sinceMs: this.nowMs })
  }

  /** Whether there is room. In a full bucket it is the roster that says whether somebody gives way, and who. */
  private makeRoom(peer: number, ageMs: number): boolean {
    if (this.partition.isOwn(HASHES[peer]!)) return true
    const present = this.inBucketOf(peer)
    if (present.length < this.partition.capacityOf(this.partition.bucketOf(HASHES[peer]!))) return true
    const victim = this.victimAmong(present)
    if (victim === undefined) return false
    assert.ok(ageMs < STALE_MS, 'only who is fresh takes the place of another')
    this.live.delete(victim)
    return true
  }

  victimAmong: (present: readonly number[]) => number | undefined = () => undefined
}

type Step = (run: Run) => void

/** The roster beside its model. */
class Run {
  readonly environment = new StrictEnvironment()
  readonly handles = new Handles(this.environment as unknown as Environment<never>)
  readonly roster: Roster
  readonly model: Model
  private heartbeat = 1

  constructor(kind: TableKind) {
    const partition = new PrefixPartition(1, HASHES[0]!, 4)
    const { records } = makeTables(kind, () => 0)
    const environment = this.environment as unknown as Environment<never>
    this.roster = new Roster(environment, this.handles, partition, records)
    this.roster.staleMs = STALE_MS
    this.model = new Model(partition)
    this.model.nowMs = this.environment.nowMs
  }

  with(number: number, use: (peer: PeerHandle) => void): void {
    this.handles.with(IDS[number]!, use)
  }

  update(number: number, { left = false, ageMs = 0, isOld = false }): void {
    const heartbeat = isOld ? Math.max(1, this.heartbeat - 5) : this.heartbeat++
    const signature = new Uint8Array(64).fill(number)
    const record = { id: IDS[number]!, addresses: [], heartbeat, depth: 3, left, signature }
    this.with(number, peer => {
      const wanted = this.roster.wants(peer, record, ageMs)
      const result = this.roster.update(peer, { record, ageMs })
      this.model.victimAmong = present => {
        const gone = present.filter(other => !this.knows(other))
        assert.equal(gone.length, result === 'new' ? 1 : 0, 'one gives way to one')
        return gone[0]
      }
      assert.equal(result, this.model.update(number, record, ageMs))
      assert.equal(wanted, result !== 'old' && result !== 'full')
    })
  }

  knows(number: number): boolean {
    return this.roster.peers().some(peer => this.environment.numberOf(peer) === number)
  }

  check(): void {
    const { environment, model, roster } = this
    const numbers = (peers: PeerHandle[]) =>
      peers.map(peer => environment.numberOf(peer)).sort((a, b) => a - b)
    const own = [...model.live.keys()].filter(peer => model.partition.isOwn(HASHES[peer]!))
    const byNumber = (a: number, b: number) => a - b
    assert.deepEqual(numbers(roster.peers()), [...model.live.keys()].sort(byNumber))
    assert.deepEqual(numbers(roster.view()), own.sort(byNumber))
    assert.deepEqual(
      numbers(roster.departedPeers().map(([peer]) => peer)),
      [...model.gone.keys()].sort(byNumber),
    )
    assert.deepEqual(environment.inUse, [0, ...model.live.keys(), ...model.gone.keys()].sort(byNumber))
    for (const peer of roster.peers()) this.checkPeer(peer)
    for (const [peer, { record, sinceMs }] of roster.departedPeers())
      assert.deepEqual({ record, sinceMs }, model.gone.get(environment.numberOf(peer)))
  }

  private checkPeer(peer: PeerHandle): void {
    const { roster, model } = this
    const number = this.environment.numberOf(peer)
    const seen: Known = {
      record: roster.recordOf(peer)!,
      signedMs: roster.signedMsOf(peer),
      heardMs: roster.heardMsOf(peer),
      rttMs: roster.rttMsOf(peer),
      suspect: roster.isSuspect(peer),
    }
    assert.deepEqual(seen, model.live.get(number))
    assert.equal(roster.depthOf(peer), 3)
    const bucket = roster.inGroup(roster.groupOf(peer)).map(other => this.environment.numberOf(other))
    assert.deepEqual(bucket.sort(), model.inBucketOf(number).sort())
    assert.ok(bucket.length <= roster.partition.capacityOf(roster.groupOf(peer)))
  }
}

const anyPeer = fc.integer({ min: 0, max: PEERS - 1 })
const live = (run: Run, number: number, use: (peer: PeerHandle, known: Known) => void) => {
  const known = run.model.live.get(number)
  if (known !== undefined) run.with(number, peer => use(peer, known))
}

const anyUpdate: fc.Arbitrary<Step> = fc
  .tuple(anyPeer, fc.boolean(), fc.integer({ min: 0, max: 2_000 }), fc.nat(9))
  .map(
    ([number, isOld, ageMs, luck]) =>
      run =>
        run.update(number, { isOld, ageMs, left: luck === 0 }),
  )

const anyChange: fc.Arbitrary<Step> = fc
  .tuple(anyPeer, fc.constantFrom('heard', 'rtt', 'suspect', 'depart', 'remove', 'forget'), fc.nat(2_000))
  .map(([number, kind, value]) => run => {
    live(run, number, (peer, known) => {
      if (kind === 'heard' || kind === 'rtt') {
        run.roster.heard(peer, kind === 'rtt' && known.rttMs === undefined ? value + 0.25 : undefined)
        known.heardMs = run.model.nowMs
        known.suspect = false
        if (kind === 'rtt') known.rttMs ??= value + 0.25
      } else if (kind === 'suspect') {
        run.roster.setSuspect(peer, true)
        known.suspect = true
      } else if (kind === 'depart') {
        run.roster.depart(peer)
        run.model.depart(number)
      } else if (kind === 'remove') {
        run.roster.remove(peer)
        run.model.live.delete(number)
      }
    })
    if (kind === 'forget') {
      run.with(number, peer => run.roster.forget(peer))
      run.model.gone.delete(number)
    }
  })

const anyTime: fc.Arbitrary<Step> = fc.nat(900).map(ms => run => {
  run.environment.nowMs += ms
  run.model.nowMs += ms
})

const anyReshape: fc.Arbitrary<Step> = fc.integer({ min: 0, max: 4 }).map(depth => run => {
  const before = new Map(run.model.live)
  run.model.partition = new PrefixPartition(depth, HASHES[0]!, 4)
  run.roster.reshape(run.model.partition)
  for (const number of before.keys()) {
    if (run.knows(number)) continue
    const stayed = run.model.inBucketOf(number).filter(other => run.knows(other))
    const { partition } = run.model
    assert.equal(stayed.length, partition.capacityOf(partition.bucketOf(HASHES[number]!)))
  }
  for (const number of before.keys()) if (!run.knows(number)) run.model.live.delete(number)
})

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: anyUpdate },
  { weight: 12, arbitrary: anyChange },
  { weight: 3, arbitrary: anyTime },
  { weight: 1, arbitrary: anyReshape },
)

for (const kind of ['shared', 'packed'] as const) {
  describe(`the roster with ${kind} records`, () => {
    it('does what a plain map of peers does, and holds exactly the handles of those in it', () => {
      fc.assert(
        fc.property(fc.array(anyStep, { maxLength: 250, size: 'max' }), steps => {
          const run = new Run(kind)
          for (const step of steps) {
            step(run)
            run.check()
          }
          run.roster.clear()
          assert.deepEqual(run.environment.inUse, [0])
        }),
        { numRuns: 80 },
      )
    })

    it('remembers its times over many years', () => {
      const run = new Run(kind)
      for (let number = 1; number < 10; number++) run.update(number, {})
      for (let year = 0; year < 10; year++) {
        run.environment.nowMs += 31_536_000_000
        run.model.nowMs += 31_536_000_000
        run.update(1, {})
        const day = 86_400_000
        assert.ok(run.roster.peers().every(peer => run.roster.heardMsOf(peer) >= run.model.nowMs - 365 * day))
      }
      run.with(1, peer => assert.equal(run.roster.heardMsOf(peer), run.model.nowMs))
    })
  })
}

describe('the roster', () => {
  it('remembers only so many who are gone, those who went last', () => {
    let nowMs = 0
    const environment = { self: 0, now: () => nowMs, hash32: (peer: number) => peer * 7, release: () => {} }
    const roster = new Roster(
      environment as unknown as Environment<never>,
      new Handles(environment as unknown as Environment<never>),
      new PrefixPartition(0, 0, 2),
    )
    const common = { addresses: [], depth: 0, left: false, heartbeat: 1, signature: new Uint8Array(64) }
    for (let peer = 1; peer <= MAX_DEPARTED + 50; peer++, nowMs++) {
      roster.update(peer as PeerHandle, { record: { ...common, id: IDS[1]! }, ageMs: 0 })
      roster.depart(peer as PeerHandle)
    }
    assert.equal(roster.departedCount, MAX_DEPARTED)
    assert.equal(roster.departedRecord(50 as PeerHandle), undefined)
    assert.ok(roster.departedRecord(51 as PeerHandle) !== undefined)
  })
})
