#!/usr/bin/env node
/**
 * Starts the command line under a Node.js that can run it. Plain JavaScript, since an old Node.js may read it:
 * `npx onehop` uses the machine's own `node`, and `npm ci` brings a newer one along (the npm package `node`).
 * A checkout runs from its TypeScript sources, an installed package from `dist`.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import nodeModule, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const OLDEST = [22, 18]
const CONDITION = '@onehop/source'
/**
 * V8 lets its young generation grow to three times 32 MB before it tidies up. 8 MB are as fast, and a node that
 * connects blocks takes 140 MB less.
 */
const MEMORY_OPTION = '--max-semi-space-size=8'
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

const launcher = fileURLToPath(import.meta.url)
const root = join(dirname(launcher), '..')
const source = join(root, 'src', 'main.ts')
const fromSource = existsSync(source)

if (isNewEnough(process.versions.node) && (fromSource ? hasCondition() : hasMemoryOption())) {
  // Compiled code (and types stripped) once is taken from a cache the next time.
  nodeModule.enableCompileCache?.()
  const entry = fromSource ? source : join(root, 'dist', 'main.js')
  const { main } = await import(pathToFileURL(entry).href)
  await main(root, process.argv.slice(2))
} else {
  runWith(isNewEnough(process.versions.node) ? process.execPath : findNode())
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/** Whether imports of our packages lead to their sources, however this process was told so. */
function hasCondition() {
  try {
    return import.meta.resolve('@onehop/rpc').endsWith('.ts')
  } catch {
    return false
  }
}

/** Commands that end soon do not need it. */
function hasMemoryOption() {
  return process.argv[2] !== 'start' || process.execArgv.includes(MEMORY_OPTION)
}

/** The Node.js that npm installed with us or above us. */
function findNode() {
  const roots = [root]
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) roots.push(folder)
  for (const folder of roots) {
    const found = nodeOf(folder)
    if (found !== undefined) return found
  }
  fail(
    `onehop needs Node.js ${OLDEST.join('.')} or newer, and this is ${process.versions.node}; ` +
      'run "npm ci" in the checkout, which brings one along, or install a newer Node.js.',
  )
}

function fail(sentence) {
  process.stderr.write(`Error: ${sentence}\n`)
  process.exit(1)
}

function nodeOf(folder) {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve('node/package.json')
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return isNewEnough(version) && existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

/** Becomes that Node.js where the system can; else runs it as a child and passes signals and the exit code on. */
function runWith(node) {
  const options = fromSource ? [`--conditions=${CONDITION}`] : []
  const args = [
    ...options,
    MEMORY_OPTION,
    '--disable-warning=ExperimentalWarning',
    launcher,
    ...process.argv.slice(2),
  ]
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(node, [node, ...args], process.env)
  }
  const env = { ...process.env, ONEHOP_PARENT_PID: String(process.pid) }
  const child = spawn(node, args, { stdio: 'inherit', env })
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  child.on('error', error => fail(`${node} could not be started: ${error.message}.`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
