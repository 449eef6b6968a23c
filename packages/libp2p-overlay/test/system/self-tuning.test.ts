import assert from 'node:assert/strict'
import { KELIPS_DEFAULT, type KelipsInspection } from '@onehop/kelips'
import { randomBelow, SeededRandom } from '@onehop/primitives'
import { type KelipsNode, startKelips, stopKelips } from '../support/kelips-nodes.ts'
import { until } from '../support/overlays.ts'
import { Workload } from '../support/workload.ts'

/** The default's nodes with quicker rounds and small groups, and patient with a machine that has to be all of them. */
const LIVELY = {
  ...KELIPS_DEFAULT,
  minimumGroupMembers: 5,
  gossipIntervalMs: 750,
  gossipBytesPerSecond: 12_000,
  defaultTimeoutMs: 4_000,
  minimumTimeoutMs: 2_000,
}

/** 60 nodes with a connection to each other would be 1,770 handshakes on this machine. */
const MAX_CONNECTIONS = 40

const FEWEST = 3
const MOST = 60
const FEW_AGAIN = 6
const AT_ONCE = 4
const INTRODUCERS = 2
const PATIENCE_MS = 90_000
const SEED = 4

function tablesOf(node: KelipsNode): KelipsInspection {
  return node.services.kelips.inspect() as KelipsInspection
}

function everyK(nodes: readonly KelipsNode[], is: (k: number) => boolean): boolean {
  return nodes.every(node => is(tablesOf(node).k))
}

function isForgotten(gone: KelipsNode, nodes: readonly KelipsNode[]): boolean {
  const id = gone.peerId.toString()
  return nodes.every(node => {
    const { view, contacts } = tablesOf(node)
    return ![...view, ...contacts].some(({ peerId, suspect }) => peerId === id && !suspect)
  })
}

describe('k', () => {
  afterEach(stopKelips)

  it('follows the network from 3 nodes to 60 and back, and no lookup fails for it', async () => {
    const random = new SeededRandom(SEED)
    const workload = new Workload(random.fork())

    async function enter(): Promise<void> {
      const { living } = workload
      const introducers = Array.from({ length: Math.min(INTRODUCERS, living.length) }, () =>
        living[randomBelow(random.next, living.length)]!.getMultiaddrs()[0]!.toString(),
      )
      const node = await startKelips({
        init: { options: LIVELY, introducers, maxConnections: MAX_CONNECTIONS },
      })
      if (introducers.length > 0) await node.services.kelips.ready
      workload.add(node)
    }

    async function leave(): Promise<KelipsNode> {
      const { living } = workload
      const node = living[randomBelow(random.next, living.length)]!
      await workload.retire(node)
      await node.stop()
      return node
    }

    const t0 = Date.now()
    const dbg = setInterval(
      () =>
        console.error(
          ((Date.now() - t0) / 1000).toFixed(0),
          'n',
          workload.living.length,
          'k',
          workload.living.map(n => tablesOf(n).k).join(''),
          'lookups',
          workload.lookups,
          'pubs',
          workload.publications,
          'fail',
          workload.failures.length,
          'cpu',
          (process.cpuUsage().user / 1e6).toFixed(0),
          'conns',
          workload.living.map(n => n.getConnections().length).join(','),
        ),
      3000,
    )
    dbg.unref()
    while (workload.living.length < FEWEST) await enter()
    workload.start()
    assert.ok(everyK(workload.living, k => k === 1))
    while (workload.living.length < MOST) {
      const comers = Math.min(AT_ONCE, MOST - workload.living.length)
      await Promise.all(Array.from({ length: comers }, enter))
    }
    await until('every node has split its group', () => everyK(workload.living, k => k > 1), PATIENCE_MS)
    while (workload.living.length > FEW_AGAIN) {
      const leavers = Math.min(AT_ONCE, workload.living.length - FEW_AGAIN)
      const gone: KelipsNode[] = []
      for (let i = 0; i < leavers; i++) gone.push(await leave())
      const areForgotten = () => gone.every(node => isForgotten(node, workload.living))
      await until('nobody counts on those who left', areForgotten, PATIENCE_MS)
    }
    await until('all are one group again', () => everyK(workload.living, k => k === 1), PATIENCE_MS)
    await workload.end()
    assert.deepEqual(workload.failures, [])
    assert.ok(workload.lookups > 100 && workload.publications > 30, `${workload.lookups} lookups`)
  })
})
