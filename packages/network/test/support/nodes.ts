import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import {
  type DirectoryMessage,
  directoryOverlay,
} from '../../../libp2p-overlay/test/support/directory-overlay.ts'
import { createNetwork, type Network, type NetworkOptions } from '../../src/index.ts'
import { ToyChain } from './toy-chain.ts'

export interface TestNode {
  readonly network: Network<DirectoryMessage>
  readonly chain: ToyChain
  readonly logs: string[]
  readonly bans: string[]
}

/** Nodes of one test; all are stopped by {@link stopNodes}. */
const running: Network<DirectoryMessage>[] = []

export async function startNode(
  options: Partial<NetworkOptions<DirectoryMessage>> & { chain?: ToyChain } = {},
): Promise<TestNode> {
  const chain = options.chain ?? new ToyChain()
  const key = await generateKeyPair('Ed25519')
  const logs: string[] = []
  const bans: string[] = []
  const network = await createNetwork({
    privateKey: privateKeyToProtobuf(key),
    bootstrap: [],
    genesisHash: chain.genesis.hash,
    overlay: directoryOverlay(),
    log: (_, message) => logs.push(message),
    ...options,
    chain,
  })
  chain.onTip = header => network.announceTip(header)
  chain.onTransaction = wtxid => network.announceTransactions([wtxid])
  network.on('ban', ({ peerId }) => bans.push(peerId))
  running.push(network)
  return { network, chain, logs, bans }
}

export async function stopNodes(): Promise<void> {
  await Promise.all(running.splice(0).map(network => network.stop()))
}

/** The libp2p node inside: for tests that speak the protocols by hand. */
export function libp2pOf(node: TestNode): Libp2p {
  return (node.network as unknown as { host: { libp2p: Libp2p } }).host.libp2p
}

/** Waits until the condition holds. @throws with the description when it does not within `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`did not happen: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** Name of the sync protocol of the toy chain whose genesis this is. */
export function syncProtocol(node: TestNode): string {
  return libp2pOf(node)
    .getProtocols()
    .find(name => name.endsWith('/sync/1'))!
}
