import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p, Metrics, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { KELIPS_TESTNET } from '@onehop/kelips'
import type { Datastore } from 'interface-datastore'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import {
  type KelipsService,
  type KelipsServiceEvents,
  type KelipsServiceInit,
  kelips,
} from '../../src/index.ts'

/** A libp2p node with nothing but identify and Kelips. */
export type KelipsNode = Libp2p<{ kelips: KelipsService; [name: string]: unknown }>

/** What a test may change about a node. */
export interface NodeChanges {
  readonly init?: KelipsServiceInit
  readonly datastore?: Datastore
  readonly privateKey?: PrivateKey
  readonly start?: boolean
  readonly metrics?: () => Metrics
  readonly addresses?: { listen: string[] }
}

const running: KelipsNode[] = []

/** The parts that every node of the tests has. */
export function bareLibp2p() {
  return {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1_000, maxIncomingPendingConnections: 100 },
    connectionMonitor: { enabled: false },
  }
}

export async function startKelips(changes: NodeChanges = {}): Promise<KelipsNode> {
  const { init, ...libp2p } = changes
  const node = await createLibp2p<{ kelips: KelipsService; [name: string]: unknown }>({
    ...bareLibp2p(),
    ...libp2p,
    services: { identify: identify(), kelips: kelips({ options: KELIPS_TESTNET, ...init }) },
  })
  running.push(node)
  return node
}

/** Nodes that have entered one overlay through the first of them. */
export async function startNetwork(size: number): Promise<KelipsNode[]> {
  const first = await startKelips()
  const introducers = [first.getMultiaddrs()[0]!.toString()]
  const others = Array.from({ length: size - 1 }, () => startKelips({ init: { introducers } }))
  const nodes = [first, ...(await Promise.all(others))]
  await Promise.all(nodes.map(node => node.services.kelips.ready))
  return nodes
}

export async function stopKelips(): Promise<void> {
  await Promise.all(running.splice(0).map(node => node.stop()))
}

/** The service's next event of this type. */
export function nextEvent<Type extends keyof KelipsServiceEvents>(
  node: KelipsNode,
  type: Type,
): Promise<KelipsServiceEvents[Type]> {
  return new Promise(resolve => node.services.kelips.addEventListener(type, resolve, { once: true }))
}

export async function cidOf(text: string): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(new TextEncoder().encode(text)))
}

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const value of values) collected.push(value)
  return collected
}
