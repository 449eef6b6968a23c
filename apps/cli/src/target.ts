import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { NodeUnreachableError, RpcClient, type RpcClientOptions } from '@onehop/rpc'
import { UsageFailure } from './failure.ts'
import { cookiePathOf, defaultDatadirs, readRpcFile } from './home.ts'
import { findRunningTestnet, type RunningTestnet, readRunning } from './testnet/state.ts'

/** How the person named the node. */
export interface TargetFlags {
  readonly rpc?: string | undefined
  readonly node?: string | undefined
  readonly datadir?: string | undefined
}

const NODE_NUMBER = /^\d+$/

/**
 * A client for the node that is meant: `--rpc` before `--node` before `--datadir` before `ONEHOP_RPC` before
 * `ONEHOP_DATADIR` before a running testnet's node 1 before the nodes of `~/.onehop/regtest`
 * and `~/.onehop/onehop`.
 * @throws {UsageFailure} for a URL or node that makes no sense.
 * @throws {NodeUnreachableError} when no node runs there.
 */
export function connectToNode(flags: TargetFlags): RpcClient {
  return new RpcClient(resolveTarget(flags))
}

/** Where that node is, and where its cookie. */
export function resolveTarget({ rpc, node, datadir }: TargetFlags): RpcClientOptions {
  if (rpc !== undefined) return targetOfUrl(rpc, '--rpc')
  if (node !== undefined) return targetOfNode(node, datadir)
  if (datadir !== undefined) return targetOfDatadir(datadir)
  const { ONEHOP_RPC, ONEHOP_DATADIR } = process.env
  if (ONEHOP_RPC) return targetOfUrl(ONEHOP_RPC, 'ONEHOP_RPC')
  if (ONEHOP_DATADIR) return targetOfDatadir(ONEHOP_DATADIR)
  return targetOfTestnet() ?? targetOfDefault()
}

/** A URL; `127.0.0.1:18443` and `18443` will do. */
function targetOfUrl(text: string, source: string): RpcClientOptions {
  const url = parseUrl(text)
  if (url === undefined) {
    throw new UsageFailure(`${source} wants a URL such as http://127.0.0.1:18443, not "${text}".`)
  }
  const cookiePath = knownDatadirs().find(datadir => samePlace(readRpcFile(datadir)?.url, url))
  if (url.username !== '' || cookiePath === undefined) return { url: url.href }
  return { url: url.href, cookiePath: cookiePathOf(cookiePath) }
}

function parseUrl(text: string): URL | undefined {
  const written = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text
  try {
    const url = new URL(written.includes('://') ? written : `http://${written}`)
    return url.protocol === 'http:' ? url : undefined
  } catch {
    return undefined
  }
}

/** Datadirs whose nodes' cookies may belong to a URL. */
function knownDatadirs(): string[] {
  const testnet = findRunningTestnet()?.nodes.map(node => node.datadir) ?? []
  const { ONEHOP_DATADIR } = process.env
  return [...testnet, ...(ONEHOP_DATADIR ? [resolve(ONEHOP_DATADIR)] : []), ...defaultDatadirs()]
}

function samePlace(url: string | undefined, other: URL): boolean {
  if (url === undefined) return false
  const { hostname, port } = new URL(url)
  const loopback = ['127.0.0.1', 'localhost', '[::1]']
  const sameHost = hostname === other.hostname || [hostname, other.hostname].every(h => loopback.includes(h))
  return sameHost && port === other.port
}

function targetOfNode(node: string, testnetDatadir: string | undefined): RpcClientOptions {
  const testnet = findRunningTestnet(testnetDatadir)
  if (testnet === undefined) {
    throw new NodeUnreachableError('No testnet is running; start one with "onehop testnet up".')
  }
  const name = NODE_NUMBER.test(node) ? `node${Number(node)}` : node
  const found = testnet.nodes.find(candidate => candidate.name === name)
  if (found === undefined) {
    throw new UsageFailure(`The testnet has no node "${node}"; it has ${describeNodes(testnet)}.`)
  }
  return { url: found.rpc, cookiePath: cookiePathOf(found.datadir) }
}

function describeNodes({ nodes }: RunningTestnet): string {
  return nodes.length === 1 ? 'only node 1' : `nodes 1 to ${nodes.length}`
}

/** A node's datadir, or a testnet's: then its first node. */
function targetOfDatadir(datadir: string): RpcClientOptions {
  const path = resolve(datadir)
  const file = readRpcFile(path)
  if (file !== undefined) return { url: file.url, cookiePath: cookiePathOf(path) }
  const first = readRunning(path)?.nodes[0]
  if (first !== undefined) return { url: first.rpc, cookiePath: cookiePathOf(first.datadir) }
  if (!existsSync(path)) throw new NodeUnreachableError(`There is no datadir ${path}.`)
  throw new NodeUnreachableError(`No node is running in ${path} (it has no ${join(path, 'rpc.json')}).`)
}

function targetOfTestnet(): RpcClientOptions | undefined {
  const first = findRunningTestnet()?.nodes[0]
  return first === undefined ? undefined : { url: first.rpc, cookiePath: cookiePathOf(first.datadir) }
}

function targetOfDefault(): RpcClientOptions {
  for (const datadir of defaultDatadirs()) {
    const file = readRpcFile(datadir)
    if (file !== undefined) return { url: file.url, cookiePath: cookiePathOf(datadir) }
  }
  throw new NodeUnreachableError(
    'No node is running; start one with "onehop start", or a whole testnet with "onehop testnet up".',
  )
}
