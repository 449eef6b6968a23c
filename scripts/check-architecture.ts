/**
 * The dependency rule of ARCHITECTURE.md, checked over every package's imports and package.json:
 * imports go downward only, a package is entered by its door, cores read no clock and no entropy,
 * libp2p stays in two packages, and what is imported is declared.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'

interface Rule {
  readonly layer: 'core' | 'driver' | 'node' | 'app'
  /** Packages of ours that it may import. */
  readonly mayImport: readonly string[]
}

const CORES = ['primitives', 'ledger', 'wallet', 'overlay', 'kelips', 'classic-overlays', 'swarm']
const DRIVERS = ['accelerators', 'libp2p-overlay', 'network', 'chain', 'miner', 'swarm-io']

const RULES: Readonly<Record<string, Rule>> = {
  primitives: { layer: 'core', mayImport: [] },
  ledger: { layer: 'core', mayImport: ['primitives'] },
  wallet: { layer: 'core', mayImport: ['primitives', 'ledger'] },
  overlay: { layer: 'core', mayImport: ['primitives'] },
  kelips: { layer: 'core', mayImport: ['primitives', 'overlay'] },
  'classic-overlays': { layer: 'core', mayImport: ['primitives', 'overlay'] },
  swarm: { layer: 'core', mayImport: ['primitives'] },
  accelerators: { layer: 'driver', mayImport: ['primitives'] },
  'libp2p-overlay': { layer: 'driver', mayImport: ['primitives', 'overlay', 'kelips'] },
  network: { layer: 'driver', mayImport: ['primitives', 'overlay', 'libp2p-overlay'] },
  chain: { layer: 'driver', mayImport: ['primitives', 'ledger', 'accelerators'] },
  miner: { layer: 'driver', mayImport: ['primitives', 'ledger', 'accelerators'] },
  'swarm-io': { layer: 'driver', mayImport: ['primitives', 'swarm'] },
  simulator: { layer: 'driver', mayImport: ['primitives', 'overlay', 'kelips', 'classic-overlays', 'swarm'] },
  rpc: { layer: 'node', mayImport: ['primitives'] },
  node: { layer: 'node', mayImport: [...CORES, ...DRIVERS, 'rpc'] },
  cli: { layer: 'app', mayImport: ['primitives', 'rpc', 'node', 'simulator', 'swarm-io'] },
}

/** Doors besides a package's `src/index.ts`. */
const OTHER_DOORS = ['@onehop/overlay/contract']
const LIBP2P_PACKAGES = ['libp2p-overlay', 'network']
const LIBP2P_IMPORT = /^(libp2p$|@libp2p\/|@chainsafe\/libp2p-|@multiformats\/multiaddr)/
const IMPURE =
  /\b(Date\.now|new Date\b(?!\(\s*[^)\s])|Math\.random|performance\.now|globalThis\.crypto|randomBytes|randomSecretKey)\b|\bimport\.meta\b/
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** One package or app of the workspace, as it is checked. */
interface Checked {
  readonly name: string
  readonly rule: Rule
  readonly folder: string
  /** What its package.json declares, without development. */
  readonly declared: ReadonlySet<string>
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(folder, name))
}

function importsOf(text: string): string[] {
  return Array.from(text.matchAll(IMPORT), match => match[1] ?? match[2] ?? '')
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

function* importFaults(checked: Checked, file: string, specifier: string): Generator<string> {
  const { name, rule, folder, declared } = checked
  if (specifier.startsWith('.')) {
    const isInside = resolve(dirname(file), specifier).startsWith(join(folder, 'src') + sep)
    if (!isInside) yield `${specifier} is outside the package: enter others by their names`
    return
  }
  if (isBuiltin(specifier)) {
    if (rule.layer === 'core') yield `a core package imports ${specifier}`
    return
  }
  const target = packageOf(specifier)
  if (!declared.has(target)) yield `${target} is not a dependency in package.json`
  if (target.startsWith('@onehop/')) yield* oursFaults(name, rule, target, specifier)
  else if (LIBP2P_IMPORT.test(specifier) && !LIBP2P_PACKAGES.includes(name))
    yield `libp2p belongs in ${LIBP2P_PACKAGES.join(' and ')} only`
}

function* oursFaults(name: string, rule: Rule, target: string, specifier: string): Generator<string> {
  const ours = target.slice('@onehop/'.length)
  if (!rule.mayImport.includes(ours)) yield `${name} must not import ${ours}`
  if (specifier !== target && !OTHER_DOORS.includes(specifier))
    yield `${ours} is entered by its door, not by ${specifier}`
}

function* fileFaults(checked: Checked, file: string, text: string): Generator<string> {
  for (const specifier of importsOf(text)) yield* importFaults(checked, file, specifier)
  const impure = checked.rule.layer === 'core' ? IMPURE.exec(text) : null
  if (impure) yield `a core package uses ${impure[0]}`
}

function* packageFaults(root: string, name: string, rule: Rule): Generator<string> {
  const folder = join(root, rule.layer === 'app' ? 'apps' : 'packages', name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  const declared = new Set(Object.keys(manifest.dependencies ?? {}))
  const checked = { name, rule, folder, declared }
  const used = new Set<string>()
  for (const file of sourceFiles(join(folder, 'src'))) {
    const text = readFileSync(file, 'utf8')
    for (const specifier of importsOf(text)) used.add(packageOf(specifier))
    for (const fault of fileFaults(checked, file, text)) yield `${relative(root, file)}: ${fault}`
  }
  for (const dependency of declared) {
    // oclif loads its plugins by name.
    const isPlugin = dependency.startsWith('@oclif/plugin-')
    if (!used.has(dependency) && !isPlugin)
      yield `${relative(root, folder)}: ${dependency} is declared and not imported`
  }
}

/** What breaks the dependency rule in the workspace at `root`: one sentence a fault, with the file's path. */
export function architectureFaults(root: string): string[] {
  const faults: string[] = []
  for (const layer of ['packages', 'apps']) {
    const folder = join(root, layer)
    for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
      const rule = RULES[name]
      if (rule === undefined) faults.push(`${layer}/${name}: has no rule in scripts/check-architecture.ts`)
      else faults.push(...packageFaults(root, name, rule))
    }
  }
  return faults
}

if (import.meta.main) {
  const faults = architectureFaults(join(import.meta.dirname, '..'))
  for (const fault of faults) console.error(fault)
  console.log(
    faults.length === 0
      ? 'architecture: every import keeps the dependency rule'
      : `architecture: ${faults.length} faults`,
  )
  process.exitCode = faults.length === 0 ? 0 : 1
}
