import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { OVERLAYS, type OverlayName } from '@onehop/rpc'
import { makeFolder } from '../folder.ts'
import { onehopHome, readJsonFile } from '../home.ts'
import { isAlive } from './processes.ts'

/** A node of a testnet while it runs. */
export interface RunningNode {
  readonly name: string
  readonly pid: number
  /** URL of its RPC server. */
  readonly rpc: string
  readonly datadir: string
}

/** What a running testnet tells other processes: `running.json` in its datadir, there from its start to its end. */
export interface RunningTestnet {
  readonly datadir: string
  readonly overlay: OverlayName
  /** The process that watches over the nodes; absent when they run on their own (`--detach`). */
  readonly supervisor?: number
  readonly nodes: readonly RunningNode[]
}

/** What a testnet remembers from one run to the next: `testnet.json` in its datadir. */
export interface TestnetHistory {
  readonly version: 1
  /** Names of the nodes that have been given their coins. */
  readonly funded: readonly string[]
  /** Height at which all those coins are mature. */
  readonly matureAtHeight: number
  /** What its nodes ran the last time; absent before the first. */
  readonly overlay?: OverlayName
}

const NOTHING_YET: TestnetHistory = { version: 1, funded: [], matureAtHeight: 0 }

/** The folder of the testnet when none is named. */
export function defaultTestnetDatadir(): string {
  return join(onehopHome(), 'testnet')
}

function runningPath(datadir: string): string {
  return join(datadir, 'running.json')
}

function historyPath(datadir: string): string {
  return join(datadir, 'testnet.json')
}

/** Names the datadirs of the testnets that run, a line each, the one that was started last at the end. */
function currentPath(): string {
  return join(onehopHome(), 'current-testnet')
}

/** The testnet's memory of earlier runs. */
export function readHistory(datadir: string): TestnetHistory {
  const value = readJsonFile(historyPath(datadir)) as TestnetHistory | undefined
  return value?.version === 1 ? value : NOTHING_YET
}

/** Keeps the memory for later runs. */
export function writeHistory(datadir: string, history: TestnetHistory): void {
  replaceFile(historyPath(datadir), history)
}

/** Says that the testnet runs, here and as the one that `--node` means. */
export function writeRunning(running: RunningTestnet): void {
  replaceFile(runningPath(running.datadir), running)
  makeFolder(onehopHome())
  writeStarted([...readStarted().filter(datadir => datadir !== running.datadir), running.datadir])
}

/** What is written of a testnet in this datadir, whether its processes still live or not. */
export function readRunning(datadir: string): RunningTestnet | undefined {
  const value = readJsonFile(runningPath(resolve(datadir))) as RunningTestnet | undefined
  // One that an earlier version started does not name its overlay.
  return Array.isArray(value?.nodes) ? { ...value, overlay: value.overlay ?? OVERLAYS[0] } : undefined
}

/** Says that the testnet runs no more. */
export function removeRunning(datadir: string): void {
  rmSync(runningPath(datadir), { force: true })
  const started = readStarted()
  if (started.includes(datadir)) writeStarted(started.filter(other => other !== datadir))
}

function readStarted(): string[] {
  try {
    return readFileSync(currentPath(), 'utf8')
      .split('\n')
      .filter(line => line !== '')
  } catch {
    return []
  }
}

function writeStarted(datadirs: readonly string[]): void {
  if (datadirs.length === 0) rmSync(currentPath(), { force: true })
  else writeFileSync(currentPath(), `${datadirs.join('\n')}\n`)
}

/** The testnet that was started last of those that still run; of none, the one that was started last. */
function readCurrent(): string | undefined {
  const started = readStarted()
  return started.findLast(datadir => livesIn(datadir)) ?? started.at(-1)
}

function livesIn(datadir: string): boolean {
  return readRunning(datadir)?.nodes.some(node => isAlive(node.pid, node.datadir)) ?? false
}

/** The datadir that a command means: the one named, else that of the testnet started last, else the default. */
export function testnetDatadir(named: string | undefined): string {
  return resolve(named ?? process.env.ONEHOP_TESTNET ?? readCurrent() ?? defaultTestnetDatadir())
}

/** The testnet that a command means, if any of its processes lives. */
export function findRunningTestnet(named?: string): RunningTestnet | undefined {
  const running = readRunning(testnetDatadir(named))
  return running?.nodes.some(node => isAlive(node.pid, node.datadir)) ? running : undefined
}

function replaceFile(path: string, value: unknown): void {
  makeFolder(dirname(path))
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(temporary, path)
}
