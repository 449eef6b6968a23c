import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** `~/.onehop`, or what `ONEHOP_HOME` says. */
export function onehopHome(): string {
  return resolve(process.env.ONEHOP_HOME ?? join(homedir(), '.onehop'))
}

/** The datadir of a node of the network when none is named. */
function defaultDatadir(network: string): string {
  return join(onehopHome(), network)
}

/** The datadirs of nodes that were started without one, regtest's first. */
export function defaultDatadirs(): string[] {
  return ['regtest', 'onehop'].map(network => defaultDatadir(network))
}

/** What a running node writes into its datadir. */
export interface RpcFile {
  readonly url: string
  readonly pid: number
}

/** How to reach the node that runs in a datadir; undefined when none does. */
export function readRpcFile(datadir: string): RpcFile | undefined {
  const value = readJsonFile(join(datadir, 'rpc.json')) as Partial<RpcFile> | undefined
  return typeof value?.url === 'string' && typeof value.pid === 'number' ? (value as RpcFile) : undefined
}

/** Where the node of a datadir keeps its credentials. */
export function cookiePathOf(datadir: string): string {
  return join(datadir, '.cookie')
}

/** The value in a JSON file; undefined when there is none, or it is not JSON. */
export function readJsonFile(path: string): unknown {
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown
  } catch {
    return undefined
  }
}

/** The program that starts a command line in a process of its own. @param root the package's folder. */
export function launcherOf(root: string): string {
  return join(root, 'bin', 'onehop.js')
}
