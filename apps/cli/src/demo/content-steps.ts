import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FetchedContent, LookupResult, SearchResult } from '@onehop/rpc'
import { byteCount, count, duration, transferRate } from '../format.ts'
import type { NodeProcess } from '../testnet/node-process.ts'
import { waitFor } from '../wait.ts'
import { sha256OfFile, writeRandomFile } from './files.ts'
import { TOUR_FETCH_MS, TOUR_FILE_BYTES, TOUR_POLL_MS, TOUR_WAIT_MS } from './limits.ts'
import { check, type Findings, nodeOf, runningNodes, type Step, type Tour } from './tour.ts'

const PUBLISHERS = [2, 3] as const
const FILE_NAME = 'tour.bin'

/** What one step of the content half learns and the next ones need. */
interface Shared {
  key: string
  sha256: string
  publishers: NodeProcess[]
  fetchers: NodeProcess[]
}

/** The steps of the content half, in order. */
export function contentSteps(): Step[] {
  const shared: Shared = { key: '', sha256: '', publishers: [], fetchers: [] }
  return [publishStep(shared), lookupStep(shared), fetchStep(shared), fetchAgainStep(shared)]
}

function publishStep(shared: Shared): Step {
  return {
    title: `Publish a file of ${byteCount(TOUR_FILE_BYTES)} on nodes ${PUBLISHERS.join(' and ')}`,
    async run(tour): Promise<Findings> {
      shared.publishers = PUBLISHERS.map(number => nodeOf(tour, number))
      const paths = await makeCopies(tour)
      shared.sha256 = await sha256OfFile(paths[0]!)
      const published = await Promise.all(
        shared.publishers.map((node, i) =>
          node.client.call('content.publish', { path: paths[i]! }, { signal: tour.signal, timeoutMs: 0 }),
        ),
      )
      const [one, other] = published.map(([content]) => content)
      check(one !== undefined && other !== undefined, 'A node published nothing.')
      check(one.key === other.key, 'The same file got two keys.')
      const acknowledgements = Math.min(one.acknowledgements, other.acknowledgements)
      check(acknowledgements > 0, 'No node confirmed to hold a pointer.')
      shared.key = one.key
      return {
        text: `${one.key}, ${count(one.pieces, 'piece')}, confirmed by ${count(acknowledgements, 'node')}`,
        figures: {
          key: one.key,
          bytes: one.bytes,
          pieces: one.pieces,
          acknowledgements,
          sha256: shared.sha256,
        },
      }
    },
  }
}

async function makeCopies({ folder }: Tour): Promise<string[]> {
  const paths = PUBLISHERS.map(number => join(folder, `published-by-${number}`, FILE_NAME))
  const [original, ...copies] = paths as [string, ...string[]]
  for (const number of PUBLISHERS) await mkdir(join(folder, `published-by-${number}`))
  await writeRandomFile(original, TOUR_FILE_BYTES)
  for (const copy of copies) await copyFile(original, copy)
  return paths
}

function lookupStep(shared: Shared): Step {
  return {
    title: 'Look it up, and search for it, from every other node',
    async run(tour): Promise<Findings> {
      const others = runningNodes(tour).filter(node => !shared.publishers.includes(node))
      const found = await waitFor(
        'Not every node found both providers',
        () => lookUpFrom(others, shared.key),
        { timeoutMs: TOUR_WAIT_MS, pollMs: TOUR_POLL_MS, signal: tour.signal },
      )
      const chosen = Math.max(
        0,
        found.findIndex(({ hops }) => hops === 1),
      )
      shared.fetchers = [others[chosen]!, ...others.filter((_, i) => i !== chosen)]
      const { hops, messages, elapsedMs } = found[chosen]!
      const searched = await searchFrom(others, shared.key)
      return {
        text: `${others[chosen]!.name}: ${count(hops, 'hop')}, ${count(messages, 'message')}, ${duration(elapsedMs)}; all ${others.length}: at most ${Math.max(...found.map(result => result.hops))}, by words ${Math.max(...searched.map(result => result.hops))}`,
        figures: {
          hops: found.map(result => result.hops),
          messages: found.map(result => result.messages),
          elapsedMs: found.map(result => result.elapsedMs),
          searchHops: searched.map(result => result.hops),
          searchElapsedMs: searched.map(result => result.elapsedMs),
        },
      }
    },
  }
}

/** Undefined while some node finds fewer providers than there are: the pointers are still spreading. */
async function lookUpFrom(nodes: readonly NodeProcess[], key: string): Promise<LookupResult[] | undefined> {
  const found = await Promise.all(nodes.map(node => node.client.call('content.lookup', { key })))
  for (const [i, { hops }] of found.entries()) check(hops <= 1, `${nodes[i]?.name} needed ${hops} hops.`)
  return found.every(({ providers }) => providers.length === PUBLISHERS.length) ? found : undefined
}

/** Everybody finds it first by the words of its name. */
async function searchFrom(nodes: readonly NodeProcess[], key: string): Promise<SearchResult[]> {
  const found = await Promise.all(nodes.map(node => node.client.call('content.search', { words: FILE_NAME })))
  for (const [i, { results, hops }] of found.entries()) {
    check(results[0]?.key === key, `${nodes[i]?.name} found something else by the words of its name.`)
    check(hops <= 1, `${nodes[i]?.name} needed ${hops} hops for a word.`)
  }
  return found
}

function fetchStep(shared: Shared): Step {
  return {
    title: 'Fetch it from both at once and compare SHA-256',
    async run(tour): Promise<Findings> {
      const fetched = await fetchBy(tour, shared.fetchers[0]!, shared)
      const used = fetched.providers.length
      check(used >= PUBLISHERS.length, `Pieces came from ${count(used, 'provider')} only.`)
      return describeFetch(shared.fetchers[0]!, fetched, shared.sha256)
    },
  }
}

function fetchAgainStep(shared: Shared): Step {
  return {
    title: `Stop node ${PUBLISHERS[0]} and fetch again`,
    async run(tour): Promise<Findings> {
      const stopped = shared.publishers[0]!
      const { peerId } = await stopped.status()
      await stopped.stop()
      const fetched = await fetchBy(tour, shared.fetchers[1]!, shared)
      check(!fetched.providers.includes(peerId), 'Pieces came from a node that has stopped.')
      return describeFetch(shared.fetchers[1]!, fetched, shared.sha256)
    },
  }
}

async function fetchBy(tour: Tour, node: NodeProcess, { key, sha256 }: Shared): Promise<FetchedContent> {
  const output = join(tour.folder, `fetched-by-${node.name}.bin`)
  const options = { signal: tour.signal, timeoutMs: TOUR_FETCH_MS }
  const fetched = await node.client.call('content.fetch', { key, output }, options)
  const got = await sha256OfFile(fetched.path)
  check(got === sha256, `${node.name} got another file: SHA-256 ${got} and not ${sha256}.`)
  return fetched
}

function describeFetch(node: NodeProcess, fetched: FetchedContent, sha256: string): Findings {
  const { bytes, elapsedMs, providers, pieces } = fetched
  const rate = transferRate(bytes, elapsedMs)
  return {
    text: `${node.name}: ${count(pieces, 'piece')} from ${count(providers.length, 'provider')} in ${duration(elapsedMs)}, ${rate}; SHA-256 ${sha256.slice(0, 16)}… is the same`,
    figures: { bytes, elapsedMs, rate, providers, sha256 },
  }
}
