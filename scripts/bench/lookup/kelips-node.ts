import { KELIPS_DEFAULT, kelips } from '@onehop/kelips'
import { type Libp2pOverlay, libp2pOverlay } from '@onehop/libp2p-overlay'
import { contentKey, type Key } from '@onehop/overlay'
import { createLibp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { commonOptions } from './libp2p-options.ts'
import type { Found, Joined, LookupNode, Provided } from './lookup-node.ts'
import type { SocketBytes } from './metered-tcp.ts'

/** As many providers as kad-dht looks for. */
const PROVIDERS = 20

function keyOf(cid: CID): Key {
  return contentKey(cid.multihash.bytes)
}

/** A node whose content routing is Kelips, with the defaults for networks of strangers. */
export async function startKelipsNode(bytes: SocketBytes, oneWayDelayMs: number): Promise<LookupNode> {
  const common = commonOptions(bytes, oneWayDelayMs)
  const libp2p = await createLibp2p({
    ...common,
    services: { ...common.services, overlay: libp2pOverlay({ factory: kelips(KELIPS_DEFAULT) }) },
  })
  const { overlay } = libp2p.services
  return {
    libp2p,
    async join(introducers) {
      const { failure } = await overlay.join(introducers)
      if (failure !== undefined) throw new Error(`could not join: ${failure}`)
    },
    joined: () => joinedOf(overlay),
    provide: cid => provide(overlay, cid),
    find: cid => find(overlay, cid),
    messageBytes: () => ({ sent: overlay.stats().bytesSent, received: overlay.stats().bytesReceived }),
  }
}

function joinedOf(overlay: Libp2pOverlay<unknown>): Joined {
  const { settled, view, contacts } = overlay.inspect() as {
    settled: boolean
    view: readonly unknown[]
    contacts: readonly unknown[]
  }
  return { isSettled: settled, peers: view.length + contacts.length }
}

async function provide(overlay: Libp2pOverlay<unknown>, cid: CID): Promise<Provided> {
  const beganMs = performance.now()
  const { failure, messages } = await overlay.publish({ kind: 'content', key: keyOf(cid) })
  if (failure !== undefined) throw new Error(failure)
  return { elapsedMs: performance.now() - beganMs, messages }
}

async function find(overlay: Libp2pOverlay<unknown>, cid: CID): Promise<Found> {
  const beganMs = performance.now()
  let firstMs = Number.NaN
  const { pointers, messages, hops } = await overlay.lookup(keyOf(cid), {
    limit: PROVIDERS,
    onPointer: () => {
      if (Number.isNaN(firstMs)) firstMs = performance.now() - beganMs
    },
  })
  const completeMs = performance.now() - beganMs
  return { firstMs, completeMs, providers: pointers.length, messages, isOwn: hops === 0 }
}
