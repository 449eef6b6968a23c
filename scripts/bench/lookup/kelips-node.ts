import { type Effort, type KelipsProgressEvents, type KelipsService, kelips } from '@onehop/libp2p-overlay'
import { createLibp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { commonOptions, dialIntroducers } from './libp2p-options.ts'
import type { Found, Joined, LookupNode, Provided } from './lookup-node.ts'
import type { SocketBytes } from './metered-tcp.ts'

/** A node whose content routing is Kelips, with its own defaults. */
export async function startKelipsNode(bytes: SocketBytes, oneWayDelayMs: number): Promise<LookupNode> {
  const common = commonOptions(bytes, oneWayDelayMs)
  const libp2p = await createLibp2p({ ...common, services: { ...common.services, kelips: kelips() } })
  const router = libp2p.services.kelips
  return {
    libp2p,
    async join(introducers) {
      await dialIntroducers(libp2p, introducers)
      if (introducers.length > 0) await router.ready
    },
    joined: () => joinedOf(router),
    provide: cid => provide(router, cid),
    find: cid => find(router, cid),
    messageBytes: () => {
      const stats = router.stats()
      return { sent: stats?.bytesSent ?? 0, received: stats?.bytesReceived ?? 0 }
    },
  }
}

function joinedOf(router: KelipsService): Joined {
  const { settled, view, contacts } = router.inspect() as {
    settled: boolean
    view: readonly unknown[]
    contacts: readonly unknown[]
  }
  return { isSettled: settled, peers: view.length + contacts.length }
}

/** What the last event that tells of an effort says. */
function effortListener() {
  const heard: { effort: Effort | undefined } = { effort: undefined }
  const onProgress = (event: KelipsProgressEvents) => {
    if (event.type === 'kelips:find-providers:end' || event.type === 'kelips:provide:acknowledged')
      heard.effort = event.detail as Effort
  }
  return { heard, onProgress: onProgress as (event: { type: string }) => void }
}

async function provide(router: KelipsService, cid: CID): Promise<Provided> {
  const { heard, onProgress } = effortListener()
  const beganMs = performance.now()
  await router.provide(cid, { onProgress })
  return { elapsedMs: performance.now() - beganMs, messages: heard.effort?.messages ?? Number.NaN }
}

async function find(router: KelipsService, cid: CID): Promise<Found> {
  const { heard, onProgress } = effortListener()
  const beganMs = performance.now()
  let firstMs = Number.NaN
  let providers = 0
  for await (const _ of router.findProviders(cid, { onProgress })) {
    if (providers++ === 0) firstMs = performance.now() - beganMs
  }
  const completeMs = performance.now() - beganMs
  const { messages = Number.NaN, hops = Number.NaN } = heard.effort ?? {}
  return { firstMs, completeMs, providers, messages, isOwn: providers > 0 && hops === 0 }
}
