/**
 * What one node's full tables take in memory, signatures and all: run it with
 * `node --expose-gc --conditions=@onehop/source packages/kelips/test/table-memory.ts`. The sum of the arrays is the same
 * everywhere; beside it stands what the process grew by for many such tables, divided by their number.
 */
import { pathToFileURL } from 'node:url'
import { type Environment, Handles, type PeerHandle, type PeerId, type Pointer } from '@onehop/overlay'
import { concatBytes, SeededRandom } from '@onehop/primitives'
import type { Filetuples } from '../src/filetuples.ts'
import type { MemberRecord } from '../src/member-record.ts'
import { FixedPartition } from '../src/partition.ts'
import { Roster } from '../src/roster.ts'
import { makeTables, type TableKind } from '../src/tables.ts'

/** The network, and the groups of which each node is in one. */
export const NODES = 100_000
export const FILES = 10_000_000
export const CONTACTS_PER_GROUP = 2

const NOW_MS = 1_767_225_600_000
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
/** /ip4/…/udp/4001/quic-v1 */
const ADDRESS_TAIL = Uint8Array.of(0x91, 0x02, 0x0f, 0xa1, 0xcd, 0x03)

export interface FullTables {
  readonly roster: Roster
  readonly filetuples: Filetuples
  readonly contacts: number
}

/** Bytes of all arrays, and entries. */
export function sizeOf({ roster, filetuples }: FullTables): { entries: number; bytes: number } {
  return {
    entries: roster.size + filetuples.size,
    bytes: roster.table.byteLength + filetuples.byteLength,
  }
}

function randomId(random: SeededRandom): PeerId {
  return concatBytes(ED25519_PREFIX, random.bytes(32))
}

function randomAddress(random: SeededRandom): Uint8Array {
  return concatBytes(Uint8Array.of(4), random.bytes(4), ADDRESS_TAIL)
}

export function randomRecord(random: SeededRandom): MemberRecord {
  const signature = random.bytes(64)
  const addresses = [randomAddress(random)]
  return { id: randomId(random), addresses, heartbeat: NOW_MS, depth: 11, left: false, signature }
}

export function randomPointer(random: SeededRandom, key: Uint8Array): Pointer {
  return {
    version: 1,
    kind: 'content',
    key,
    provider: randomId(random),
    addresses: [randomAddress(random)],
    sequence: NOW_MS,
    expiresAt: NOW_MS / 1000 + 43_200,
    signature: random.bytes(64),
  }
}

/** An environment of handles whose hashes are given; the tables ask for nothing else. */
class StubEnvironment {
  readonly self = 0 as PeerHandle
  private readonly hashes = new Uint32Array(8_192)
  private peers = 1

  now(): number {
    return NOW_MS
  }

  random(): number {
    return 0
  }

  hash32(peer: PeerHandle): number {
    return this.hashes[peer]!
  }

  release(): void {}

  peer(hash32: number): PeerHandle {
    this.hashes[this.peers] = hash32
    return this.peers++ as PeerHandle
  }
}

/** A node's tables in a network of {@link NODES} nodes and {@link FILES} files with k groups, all of them full. */
export function fullTables(k: number, kind: TableKind, seed: number): FullTables {
  const random = new SeededRandom(seed)
  const stub = new StubEnvironment()
  const environment = stub as unknown as Environment<never>
  const partition = new FixedPartition(k, 0, CONTACTS_PER_GROUP)
  const { records, filetuples } = makeTables(kind, new SeededRandom(seed + 1).next)
  const roster = new Roster(environment, new Handles(environment), partition, records)
  const width = 2 ** 32 / k
  const meet = (group: number) => {
    const hash32 = Math.min(0xffff_ffff, Math.ceil((group + random.next()) * width))
    roster.update(stub.peer(hash32), { record: randomRecord(random), ageMs: 0 })
  }
  for (let i = 0; i < NODES / k; i++) meet(0)
  for (let group = 1; group < k; group++) for (let i = 0; i < CONTACTS_PER_GROUP; i++) meet(group)
  const files = Math.round(FILES / k)
  for (let i = 0; i < files; i++) {
    const key = random.bytes(32)
    new DataView(key.buffer, key.byteOffset).setUint32(0, Math.floor(random.next() * width))
    filetuples.put(randomPointer(random, key))
  }
  return { roster, filetuples, contacts: roster.contacts().length }
}

function processBytes(): number {
  for (let i = 0; i < 5; i++) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function measure(k: number, kind: TableKind, copies: number): string {
  const before = processBytes()
  const tables = Array.from({ length: copies }, (_, seed) => fullTables(k, kind, seed))
  const grown = (processBytes() - before) / copies
  const { entries, bytes } = sizeOf(tables[0]!)
  const { roster, filetuples, contacts } = tables[0]!
  const perPeer = (roster.table.byteLength / roster.size).toFixed(1)
  const perTuple = (filetuples.byteLength / filetuples.size).toFixed(1)
  return [
    k,
    kind,
    roster.viewSize,
    contacts,
    filetuples.size,
    entries,
    perPeer,
    perTuple,
    bytes,
    Math.round(grown),
  ].join('\t')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(
    'k\tkind\tmembers\tcontacts\tfiletuples\tentries\tbytes a peer\tbytes a filetuple\tarrays\tprocess',
  )
  for (const k of [2048, 1024, 317])
    for (const kind of ['packed', 'shared'] as const) console.log(measure(k, kind, 20))
}
