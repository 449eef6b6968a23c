import { randomBelow, type SeededRandom } from '@onehop/primitives'
import type { CID } from 'multiformats/cid'
import { type KelipsProgressEvents, NotAcknowledgedError } from '../../src/index.ts'
import { cidOf, type KelipsNode } from './kelips-nodes.ts'

/** One publication among so many operations. */
const OPERATIONS_PER_PUBLICATION = 4

/** Operations under way at a time: some users, and not as many as keep the machine busy alone. */
const USERS = 2
const THINKING_MS = 50

/** Users of a network that publish and look up without a pause, from one node and the next. */
export class Workload {
  /** What was denied though it was there, and publications that were refused. */
  readonly failures: string[] = []
  /** What took too long: the machine's fault, not the network's. */
  timeouts = 0
  lookups = 0
  publications = 0
  private readonly random: SeededRandom
  private readonly nodes = new Set<KelipsNode>()
  private readonly provided: { readonly cid: CID; readonly provider: KelipsNode }[] = []
  private readonly underWay = new Map<KelipsNode, Promise<void>>()
  private users: Promise<void>[] = []
  private isEnding = false

  constructor(random: SeededRandom) {
    this.random = random
  }

  /** Nodes that are used. */
  get living(): readonly KelipsNode[] {
    return [...this.nodes]
  }

  add(node: KelipsNode): void {
    this.nodes.add(node)
  }

  /** Nobody uses the node any more, nor what it provides. */
  async retire(node: KelipsNode): Promise<void> {
    this.nodes.delete(node)
    for (let i = this.provided.length - 1; i >= 0; i--)
      if (this.provided[i]!.provider === node) this.provided.splice(i, 1)
    await this.underWay.get(node)
  }

  start(): void {
    this.users = Array.from({ length: USERS }, () => this.use())
  }

  async end(): Promise<void> {
    this.isEnding = true
    await Promise.all(this.users)
  }

  private async use(): Promise<void> {
    while (!this.isEnding) {
      const node = this.any(this.living.filter(one => !this.underWay.has(one)))
      if (node !== undefined) {
        const operation = this.operate(node)
        this.underWay.set(node, operation)
        await operation
        this.underWay.delete(node)
      }
      await new Promise(resolve => setTimeout(resolve, THINKING_MS))
    }
  }

  private operate(node: KelipsNode): Promise<void> {
    const isPublication = randomBelow(this.random.next, OPERATIONS_PER_PUBLICATION) === 0
    const target = this.any(this.provided)
    return isPublication || target === undefined ? this.publish(node) : this.look(node, target)
  }

  private async publish(node: KelipsNode): Promise<void> {
    const cid = await cidOf(`content ${this.publications++}`)
    try {
      await node.services.kelips.provide(cid)
      if (this.nodes.has(node)) this.provided.push({ cid, provider: node })
    } catch (error) {
      if (error instanceof NotAcknowledgedError) this.timeouts++
      else this.failures.push(`publication with ${this.nodes.size} nodes: ${String(error)}`)
    }
  }

  private async look(node: KelipsNode, target: (typeof this.provided)[number]): Promise<void> {
    this.lookups++
    let failure: string | undefined
    const onProgress = (event: KelipsProgressEvents) => {
      if (event.type === 'kelips:find-providers:end') failure = event.detail.failure
    }
    for await (const { id } of node.services.kelips.findProviders(target.cid, { onProgress }))
      if (id.equals(target.provider.peerId)) return
    if (!this.nodes.has(target.provider)) return
    if (failure === 'timed out') this.timeouts++
    else
      this.failures.push(`lookup with ${this.nodes.size} nodes: ${this.describe(node, target)}, ${failure}`)
  }

  private describe(asker: KelipsNode, { provider }: (typeof this.provided)[number]): string {
    const kOf = (node: KelipsNode) => node.services.kelips.inspect().k
    return `asked at a node with k = ${kOf(asker)}, provided at one with k = ${kOf(provider)}`
  }

  private any<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : list[randomBelow(this.random.next, list.length)]
  }
}
