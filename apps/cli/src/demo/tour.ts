import { type NodeStatus, RpcError } from '@onehop/rpc'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import type { NodeProcess } from '../testnet/node-process.ts'
import type { Testnet } from '../testnet/testnet.ts'
import { waitFor } from '../wait.ts'
import { TOUR_POLL_MS, TOUR_WAIT_MS } from './limits.ts'

/** What the steps of the tour work on. */
export interface Tour {
  /** Temporary folder of the tour. */
  readonly folder: string
  readonly testnet: Testnet
  readonly signal: AbortSignal
}

/** What a step found: a sentence for people, figures for programs. */
export interface Findings {
  readonly text: string
  readonly figures: Readonly<Record<string, unknown>>
}

/** One step of the tour. It throws when what it shows does not hold. */
export interface Step {
  readonly title: string
  run(tour: Tour): Promise<Findings>
}

/** @throws {CommandFailure} `what`, when it does not hold. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new CommandFailure(EXIT.failed, what)
}

/** The node of a number, as `--node` counts: from 1. */
export function nodeOf({ testnet }: Tour, number: number): NodeProcess {
  const node = testnet.nodes[number - 1]
  check(node !== undefined, `There is no node ${number}.`)
  return node
}

/** Nodes whose processes run. */
export function runningNodes({ testnet }: Tour): NodeProcess[] {
  return testnet.nodes.filter(node => node.endedHow === undefined)
}

/** Waits until it holds for every running node. */
export async function untilAll(
  tour: Tour,
  what: string,
  holds: (node: NodeProcess) => Promise<boolean>,
): Promise<void> {
  await waitFor(
    what,
    async () => (await Promise.all(runningNodes(tour).map(holds))).every(Boolean) || undefined,
    { timeoutMs: TOUR_WAIT_MS, pollMs: TOUR_POLL_MS, signal: tour.signal },
  )
}

/** Mines one block at a node and waits until all have it. @returns the status of the first after it. */
export async function mineAndSync(tour: Tour, miner: NodeProcess, blocks = 1): Promise<NodeStatus> {
  const { address } = await miner.status()
  const hashes = await miner.client.call<string[]>('generatetoaddress', [blocks, address])
  await untilAll(tour, 'The block did not reach every node', async node => {
    return (await node.status()).bestBlock === hashes.at(-1)
  })
  return miner.status()
}

/** The refusal of a call. @throws {CommandFailure} when the node does what it must not. */
export async function refusalOf(call: Promise<unknown>, what: string): Promise<RpcError> {
  try {
    await call
  } catch (error) {
    if (error instanceof RpcError) return error
    throw error
  }
  throw new CommandFailure(EXIT.failed, what)
}
