import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { OverlayFactory } from '@onehop/overlay'
import { createLibp2p } from 'libp2p'
import { type Libp2pOverlay, type Libp2pOverlayInit, libp2pOverlay } from '../../src/index.ts'
import { type DirectoryMessage, type DirectoryProbe, directoryOverlay } from './directory-overlay.ts'

/** A bare libp2p node with an overlay as its service. */
export type OverlayNode<M> = Libp2p<{ overlay: Libp2pOverlay<M>; [name: string]: unknown }>

const running: Libp2p[] = []

/** What a test may change about an overlay. */
export type OverlayChanges = Omit<Libp2pOverlayInit<unknown>, 'factory'>

export async function startOverlay<M>(
  factory: OverlayFactory<M>,
  changes: OverlayChanges = {},
): Promise<OverlayNode<M>> {
  const node = await createLibp2p<{ overlay: Libp2pOverlay<M>; [name: string]: unknown }>({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1_000 },
    services: { identify: identify(), overlay: libp2pOverlay<M>({ ...changes, factory }) },
  })
  running.push(node)
  return node
}

export interface ProbedNode {
  readonly node: OverlayNode<DirectoryMessage>
  readonly overlay: Libp2pOverlay<DirectoryMessage>
  readonly probe: DirectoryProbe
  readonly address: string
}

/** A node whose machine the test can look into. */
export async function startProbed(changes: OverlayChanges = {}): Promise<ProbedNode> {
  let probe: DirectoryProbe | undefined
  const node = await startOverlay(
    directoryOverlay(created => {
      probe = created
    }),
    changes,
  )
  return { node, overlay: node.services.overlay, probe: probe!, address: node.getMultiaddrs()[0]!.toString() }
}

export async function stopOverlays(): Promise<void> {
  await Promise.all(running.splice(0).map(node => node.stop()))
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
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
