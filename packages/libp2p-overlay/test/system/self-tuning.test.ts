import assert from 'node:assert/strict'
import { KELIPS_DEFAULT, type KelipsInspection } from '@onehop/kelips'
import { randomBelow, SeededRandom } from '@onehop/primitives'
import { type KelipsNode, startKelips, stopKelips } from '../support/kelips-nodes.ts'
import { until } from '../support/overlays.ts'
import { Workload } from '../support/workload.ts'

/** The default's nodes with quicker rounds, and patient with a machine that has to be all of them. */
const LIVELY = {
  ...KELIPS_DEFAULT,
  gossipIntervalMs: 750,
  gossipBytesPerSecond: 12_000,
  heartbeatIntervalMs: 4_000,
  suspectAfterMs: 10_000,
  memberLifetimeMs: 40_000,
  defaultTimeoutMs: 4_000,
  minimumTimeoutMs: 2_000,
}

/** Fewer than a node's partners and contacts, and links would come and go. */
const MAX_CONNECTIONS = 40

const FEWEST = 3
const MOST = 60
const FEW_AGAIN = 6
const AT_ONCE = 4
const INTRODUCERS = 2
const PATIENCE_MS = 200_000
const SEED = 4

/**
 * When it is given up. It takes two minutes where the machine is free: all nodes are one process, and groups take some rounds
 * to merge.
 */
const TEST_TIMEOUT_MS = 900_000

function tablesOf(node: KelipsNode): KelipsInspection {
  return node.services.kelips.inspect() as KelipsInspection
}

function everyK(nodes: readonly KelipsNode[], is: (k: number) => boolean): boolean {
  return nodes.every(node => is(tablesOf(node).k))
}

/** Whether nobody counts on it any more for what its group has to keep. Contacts may, and notice when they ask it. */
function isForgotten(gone: KelipsNode, nodes: readonly KelipsNode[]): boolean {
  const id = gone.peerId.toString()
  return nodes.every(node => !tablesOf(node).view.some(({ peerId, suspect }) => peerId === id && !suspect))
}

/** A network that grows and shrinks while it is used. */
class Town {
  readonly workload: Workload
  private readonly random: SeededRandom

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.workload = new Workload(this.random.fork())
  }

  get nodes(): readonly KelipsNode[] {
    return this.workload.living
  }

  /** The nodes enter, each through some of those that are there. */
  async growTo(size: number): Promise<void> {
    while (this.nodes.length < size) {
      const comers = Math.min(this.nodes.length === 0 ? 1 : AT_ONCE, size - this.nodes.length)
      await Promise.all(Array.from({ length: comers }, () => this.enter()))
    }
  }

  /** Nodes leave, a few at a time, when the others have got over those before: no group dies out overnight. */
  async shrinkTo(size: number): Promise<void> {
    while (this.nodes.length > size) {
      const gone: KelipsNode[] = []
      while (gone.length < AT_ONCE && this.nodes.length > size) gone.push(await this.leave())
      const areForgotten = () => gone.every(node => isForgotten(node, this.nodes))
      await until('nobody counts on those who left', areForgotten, PATIENCE_MS)
      const most = Math.max(1, this.nodes.length / LIVELY.minimumGroupMembers)
      await until('groups have merged', () => everyK(this.nodes, k => k <= most), PATIENCE_MS)
    }
  }

  private async enter(): Promise<void> {
    const known = Array.from({ length: Math.min(INTRODUCERS, this.nodes.length) }, () => this.anyone())
    const introducers = known.map(node => node.getMultiaddrs()[0]!.toString())
    const init = { options: LIVELY, introducers, maxConnections: MAX_CONNECTIONS }
    const node = await startKelips({ init })
    if (introducers.length > 0) await node.services.kelips.ready
    this.workload.add(node)
  }

  private async leave(): Promise<KelipsNode> {
    const node = this.anyone()
    await this.workload.retire(node)
    await node.stop()
    return node
  }

  private anyone(): KelipsNode {
    return this.nodes[randomBelow(this.random.next, this.nodes.length)]!
  }
}

describe('k', () => {
  afterEach(stopKelips)

  it('follows a network from 3 nodes to 60 and back, and no lookup fails for it', async function () {
    this.timeout(TEST_TIMEOUT_MS)
    const town = new Town(SEED)
    const { workload } = town
    try {
      await town.growTo(FEWEST)
      workload.start()
      assert.ok(everyK(town.nodes, k => k === 1))
      await town.growTo(MOST)
      await until('every group has split', () => everyK(town.nodes, k => k > 1), PATIENCE_MS)
      await town.shrinkTo(FEW_AGAIN)
      await until('all are one group again', () => everyK(town.nodes, k => k === 1), PATIENCE_MS)
    } finally {
      await workload.end()
    }
    assert.deepEqual(workload.failures, [])
    assert.ok(workload.lookups > 50 && workload.publications > 20, `${workload.lookups} lookups`)
  })
})
