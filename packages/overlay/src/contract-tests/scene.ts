import { assert, SeededRandom } from '@onehop/primitives'
import { contentPublications } from '../content-publications.ts'
import type { LookupOptions, Outcome, Publication } from '../contract.ts'
import { contentKey, type Key, nameKey } from '../keys.ts'
import { rankContents } from '../search-results.ts'
import { contentWords } from '../words.ts'
import type { HarnessNetwork, NetworkRequest, OverlayHarness, RunningLookup } from './harness.ts'

const MULTIHASH_BYTES = 22
const LOOKUP: LookupOptions = { limit: 20, deadlineMs: 15_000 }

/** What came of a node's operation. */
type NodeOutcome = Outcome & { readonly node: number }

/** A network under test: what is written on it reads as the story of the test. */
export class Scene {
  readonly network: HarnessNetwork
  readonly harness: OverlayHarness
  readonly random: SeededRandom
  private readonly seed: number

  constructor(harness: OverlayHarness, network: HarnessNetwork, seed: number) {
    this.harness = harness
    this.network = network
    this.seed = seed
    this.random = new SeededRandom(seed ^ 0x7f4a7c15)
  }

  /** Throws with the seed in the message when the claim is false. */
  expect(claim: boolean, what: string): void {
    assert(claim, `${what} (seed ${this.seed})`)
  }

  /** The first node joins nobody, the others join it. */
  async joinAll(nodes: number): Promise<void> {
    for (let node = 0; node < nodes; node++) await this.join(node, node === 0 ? [] : [0])
  }

  join(node: number, introducers: readonly number[]): Promise<Outcome> {
    return this.succeeds(`node ${node} could not join`, () => this.network.join(node, introducers))
  }

  converge(): Promise<void> {
    return this.network.converge()
  }

  /**
   * The claim, which throws when it is false, is true. Live it comes true: on a busy machine messages take longer than
   * anybody waits for them, and what gossip carries has not reached everybody at once.
   */
  async holds(claim: () => Promise<void>): Promise<void> {
    if (this.harness.isLive === true) await this.eventually(this.harness.times.convergenceMs, claim)
    else await claim()
  }

  /** The claim, which throws when it does not hold, holds when it had this long to come true. */
  async eventually(withinMs: number, claim: () => Promise<void>): Promise<void> {
    let isTrue = false
    const holds = async () => {
      isTrue = await claim().then(
        () => true,
        () => false,
      )
      return isTrue
    }
    await this.network.until(holds, withinMs)
    if (!isTrue) await claim()
  }

  multihash(): Uint8Array {
    const multihash = this.random.bytes(MULTIHASH_BYTES)
    multihash.set([0x11, 0x14])
    return multihash
  }

  /** The node publishes new content; returns its key. */
  async publishNew(node: number): Promise<Key> {
    const key = contentKey(this.multihash())
    await this.publish(node, { kind: 'content', key })
    return key
  }

  /** The node publishes what a name leads to; returns the name's key. */
  async publishName(node: number, name: string, target: Uint8Array): Promise<Key> {
    const key = nameKey(name)
    await this.publish(node, { kind: 'name', key, target, displayName: name })
    return key
  }

  /** The node publishes content under its key, its name and its words; returns its multihash. */
  async publishContent(node: number, name: string, given: readonly string[] = []): Promise<Uint8Array> {
    const multihash = this.multihash()
    await this.provide(node, multihash, name, given)
    return multihash
  }

  /** The node publishes what is somebody else's too. */
  async provide(
    node: number,
    multihash: Uint8Array,
    name: string,
    given: readonly string[] = [],
  ): Promise<void> {
    const content = { multihash, name, bytes: name.length, words: contentWords(name, given) }
    for (const publication of contentPublications(content)) await this.publish(node, publication)
  }

  publish(node: number, publication: Publication): Promise<Outcome> {
    return this.succeeds(`node ${node} could not publish`, () => this.network.publish(node, publication))
  }

  /** The node takes back what it has published. When that fails, there is nothing to take back before it is published anew. */
  async withdraw(node: number, publication: Publication): Promise<void> {
    const { key, target } = publication
    let isPublished = true
    await this.succeeds(`node ${node} could not withdraw`, async () => {
      if (!isPublished) await this.publish(node, publication)
      isPublished = false
      return this.network.withdraw(node, key, target)
    })
  }

  /** @returns the outcome of the operation, which is tried again where {@link holds} does. */
  private async succeeds(otherwise: string, operation: () => Promise<Outcome>): Promise<Outcome> {
    let outcome: Outcome | undefined
    await this.holds(async () => {
      outcome = await operation()
      this.expect(outcome.failure === undefined, `${otherwise}: ${outcome.failure}`)
    })
    assert(outcome !== undefined, 'it was tried')
    return outcome
  }

  find(node: number, key: Key, options: Partial<LookupOptions> = {}): Promise<Outcome> {
    return this.network.lookup(node, key, { ...LOOKUP, ...options }).outcome
  }

  search(node: number, words: readonly string[], options: Partial<LookupOptions> = {}): RunningLookup {
    const { network } = this
    assert(network.search !== undefined, 'the harness says that it searches')
    return network.search(node, words, { ...LOOKUP, ...options })
  }

  /** Each of the nodes finds exactly these contents by the words, in this order. */
  expectContents(
    nodes: readonly number[],
    words: readonly string[],
    wanted: readonly Uint8Array[],
  ): Promise<void> {
    return this.holds(() => this.findContents(nodes, words, wanted))
  }

  private async findContents(
    nodes: readonly number[],
    words: readonly string[],
    wanted: readonly Uint8Array[],
  ): Promise<void> {
    const outcomes = await this.ofEach(nodes, node => this.search(node, words).outcome)
    for (const { node, pointers, failure, hops } of outcomes) {
      const found = rankContents(words, pointers).map(({ multihash }) => multihash.join())
      const isRight = found.join(';') === wanted.map(multihash => multihash.join()).join(';')
      this.expect(isRight, `node ${node} found ${found.length} of ${wanted.length} by "${words}": ${failure}`)
      this.expect(hops <= this.harness.mostHops, `node ${node} needed ${hops} hops`)
    }
  }

  /** Each of the nodes finds exactly these providers of the key. */
  expectProviders(nodes: readonly number[], key: Key, providers: readonly number[]): Promise<void> {
    return this.holds(() => this.findProviders(nodes, key, providers))
  }

  private async findProviders(
    nodes: readonly number[],
    key: Key,
    providers: readonly number[],
  ): Promise<void> {
    const wanted = providers.map(provider => this.network.idOf(provider).join()).sort()
    for (const { node, pointers, failure } of await this.findAll(nodes, key)) {
      const found = pointers.map(pointer => pointer.provider.join()).sort()
      const isRight = found.join(';') === wanted.join(';')
      this.expect(isRight, `node ${node} found ${found.length} of providers ${providers}: ${failure}`)
    }
  }

  /** Each of the nodes finds the key in few hops. */
  expectNear(nodes: readonly number[], key: Key): Promise<void> {
    return this.holds(async () => {
      for (const { node, failure, hops } of await this.findAll(nodes, key)) {
        this.expect(failure === undefined, `node ${node} did not find it: ${failure}`)
        this.expect(hops <= this.harness.mostHops, `node ${node} needed ${hops} hops`)
      }
    })
  }

  /** None of the nodes finds anything under the key, and each says so. */
  expectNothing(nodes: readonly number[], key: Key): Promise<void> {
    return this.holds(async () => {
      for (const { node, failure, pointers } of await this.findAll(nodes, key)) {
        this.expect(pointers.length === 0, `node ${node} was answered`)
        this.expect(failure === 'not found', `node ${node} said "${failure}"`)
      }
    })
  }

  private findAll(nodes: readonly number[], key: Key): Promise<NodeOutcome[]> {
    return this.ofEach(nodes, node => this.find(node, key))
  }

  /** The outcome of each node's operation, one after the other; in real time, where floods wait for answers, side by side. */
  async ofEach(
    nodes: readonly number[],
    operation: (node: number) => Promise<Outcome>,
  ): Promise<NodeOutcome[]> {
    const ended = async (node: number) => ({ ...(await operation(node)), node })
    if (this.harness.isLive) return Promise.all(nodes.map(ended))
    const outcomes: NodeOutcome[] = []
    for (const node of nodes) outcomes.push(await ended(node))
    return outcomes
  }
}

/** Runs a test in a network of its own for every seed, and stops the network whatever happens. */
export async function inEachNetwork(
  harness: OverlayHarness,
  request: Omit<NetworkRequest, 'seed'>,
  story: (scene: Scene) => Promise<void>,
): Promise<void> {
  for (const seed of harness.seeds) {
    const network = await harness.create({ ...request, seed })
    try {
      await story(new Scene(harness, network, seed))
    } finally {
      await network.stop()
    }
  }
}

/** The numbers from `first` up to, not including, `end`. */
export function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i)
}
