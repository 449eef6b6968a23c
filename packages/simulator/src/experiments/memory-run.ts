import { KELIPS_DEFAULT, KelipsMachine, type MemberRecord, settledDepth } from '@onehop/kelips'
import { type Key, type PeerId, POINTER_VERSION, type Pointer } from '@onehop/overlay'
import { concatBytes, SeededRandom } from '@onehop/primitives'
import type { RunControl } from './control.ts'
import type { MemoryExperiment } from './experiment.ts'
import { processMemoryBytes } from './garbage.ts'
import { KelipsProbe } from './kelips-probe.ts'
import { describeMachine, peakRssBytes } from './machine-description.ts'
import { OfflineEnvironment } from './offline-environment.ts'
import type { MemoryResult, MemoryRow } from './result.ts'
import { rounded } from './rounded.ts'

const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
/** /udp/4001/quic-v1 behind an IPv4 address: what a node on the Internet says of itself. */
const ADDRESS_TAIL = Uint8Array.of(0x91, 0x02, 0x0f, 0xa1, 0xcd, 0x03)
const LIFETIME_S = KELIPS_DEFAULT.pointerLifetimeMs / 1000

/** Fills one node's tables at each k that is asked for, by the doors through which gossip comes, and measures them. */
export function runMemoryExperiment(experiment: MemoryExperiment, control: RunControl): MemoryResult {
  const startedMs = performance.now()
  const rows: MemoryRow[] = []
  let isInterrupted = false
  for (const groups of experiment.groups) {
    isInterrupted ||= control.isInterrupted?.() === true
    if (!isInterrupted) rows.push(measureTables(experiment, groups))
    control.onProgress?.({
      stage: 'measuring',
      share: rows.length / experiment.groups.length,
      minutes: 0,
      nodes: 1,
      lookups: 0,
      successShare: 1,
      events: 0,
    })
  }
  const chosen = rows.find(row => row.chosen) ?? rows.at(-1)
  return {
    nodes: experiment.nodes,
    seed: experiment.seed,
    files: experiment.files,
    wallSeconds: rounded((performance.now() - startedMs) / 1000),
    peakRssBytes: peakRssBytes(),
    memoryBytesPerNode: chosen?.bytes ?? 0,
    interrupted: isInterrupted,
    rows,
    machine: describeMachine(),
    experiment,
  }
}

function measureTables({ nodes, files, seed }: MemoryExperiment, groups: 'auto' | number): MemoryRow {
  const random = new SeededRandom(seed)
  const depth = settledDepth({ nodes, files }, KELIPS_DEFAULT)
  const environment = new OfflineEnvironment(peerId(random), nodes, seed)
  const machine = new KelipsMachine(environment, { ...KELIPS_DEFAULT, groups }, 'packed')
  if (groups === 'auto') machine.state.setTableDepth(depth)
  const beforeBytes = processMemoryBytes()
  offerMembers(machine, random, nodes - 1, groups === 'auto' ? depth : 0)
  const k = groups === 'auto' ? 2 ** depth : groups
  placePointers(machine, random, { count: Math.round(files / k), groups: k })
  const processBytes = processMemoryBytes() - beforeBytes
  const probe = new KelipsProbe(machine)
  const entries = probe.viewSize + probe.contactCount + probe.filetupleCount
  return {
    groups: k,
    chosen: groups === 'auto',
    members: probe.viewSize,
    contacts: probe.contactCount,
    filetuples: probe.filetupleCount,
    entries,
    bytes: probe.memoryBytes,
    bytesPerEntry: rounded(probe.memoryBytes / entries),
    processBytes,
  }
}

/** All other nodes of the network say that they are there; the roster keeps those whom it has a place for. */
function offerMembers(machine: KelipsMachine, random: SeededRandom, count: number, depth: number): void {
  const { roster, environment } = machine.state
  for (let i = 0; i < count; i++) {
    const record = memberRecord(random, environment.now(), depth)
    roster.update(environment.intern(record.id), { record, ageMs: 0 })
  }
}

/** The group's share of the files. */
function placePointers(
  machine: KelipsMachine,
  random: SeededRandom,
  { count, groups }: { readonly count: number; readonly groups: number },
): void {
  const { environment, filetuples } = machine.state
  const width = 2 ** 32 / groups
  const own = Math.floor(environment.hash32(environment.self) / width)
  const nowS = Math.floor(environment.now() / 1000)
  for (let i = 0; i < count; i++) {
    const key = random.bytes(32)
    const hash32 = Math.min(0xffff_ffff, Math.ceil((own + random.next()) * width))
    new DataView(key.buffer, key.byteOffset).setUint32(0, hash32)
    filetuples.put(pointerTo(random, key, nowS))
  }
}

function peerId(random: SeededRandom): PeerId {
  return concatBytes(ED25519_PREFIX, random.bytes(32))
}

function address(random: SeededRandom): Uint8Array {
  return concatBytes(Uint8Array.of(4), random.bytes(4), ADDRESS_TAIL)
}

function memberRecord(random: SeededRandom, heartbeat: number, depth: number): MemberRecord {
  const [id, addresses] = [peerId(random), [address(random)]]
  return { id, addresses, heartbeat, depth, left: false, signature: random.bytes(64) }
}

function pointerTo(random: SeededRandom, key: Key, nowS: number): Pointer {
  return {
    version: POINTER_VERSION,
    kind: 'content',
    key,
    provider: peerId(random),
    addresses: [address(random)],
    sequence: nowS * 1000,
    expiresAt: nowS + LIFETIME_S,
    signature: random.bytes(64),
  }
}
