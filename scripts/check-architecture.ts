/**
 * The dependency rule of ARCHITECTURE.md, checked over every package's imports and package.json:
 * imports go downward only, a package is entered by its door, cores read no clock and no entropy,
 * libp2p stays in two packages, and what is imported is declared.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'

interface Rule {
  readonly layer: 'core' | 'driver' | 'node' | 'app'
  /** Packages of ours that it may import. */
  readonly mayImport: readonly string[]
}

const CORES = ['primitives', 'ledger', 'wallet', 'overlay', 'kelips', 'swarm']
const DRIVERS = ['libp2p-overlay', 'network', 'chain', 'miner', 'swarm-io']

const RULES: Readonly<Record<string, Rule>> = {
  primitives: { layer: 'core', mayImport: [] },
  ledger: { layer: 'core', mayImport: ['primitives'] },
  wallet: { layer: 'core', mayImport: ['primitives', 'ledger'] },
  overlay: { layer: 'core', mayImport: ['primitives'] },
  kelips: { layer: 'core', mayImport: ['primitives', 'overlay'] },
  swarm: { layer: 'core', mayImport: ['primitives'] },
  'libp2p-overlay': { layer: 'driver', mayImport: ['primitives', 'overlay', 'kelips'] },
  network: { layer: 'driver', mayImport: ['primitives', 'overlay', 'libp2p-overlay'] },
  chain: { layer: 'driver', mayImport: ['primitives', 'ledger'] },
  miner: { layer: 'driver', mayImport: ['primitives', 'ledger'] },
  'swarm-io': { layer: 'driver', mayImport: ['primitives', 'swarm'] },
  simulator: { layer: 'driver', mayImport: ['primitives', 'overlay', 'kelips'] },
  rpc: { layer: 'node', mayImport: ['primitives'] },
  node: { layer: 'node', mayImport: [...CORES, ...DRIVERS, 'rpc'] },
  cli: { layer: 'app', mayImport: ['primitives', 'rpc', 'node'] },
}

const LIBP2P_PACKAGES = ['libp2p-overlay', 'network']
const LIBP2P_IMPORT = /^(libp2p$|@libp2p\/|@chainsafe\/libp2p-|@multiformats\/multiaddr)/
const LIBP2P_KEYS_ONLY = '@libp2p/crypto'
const IMPURE = /\b(Date\.now|new Date\(\s*\)|Math\.random|performance\.now|globalThis\.crypto)\b/
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

const root = join(import.meta.dirname, '..')
const faults: string[] = []

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(folder, name))
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

function checkImport(
  name: string,
  rule: Rule,
  specifier: string,
  declared: ReadonlySet<string>,
  where: string,
) {
  if (specifier.startsWith('.')) return
  if (isBuiltin(specifier)) {
    if (rule.layer === 'core') faults.push(`${where}: a core package imports ${specifier}`)
    return
  }
  const target = packageOf(specifier)
  if (!declared.has(target)) faults.push(`${where}: ${target} is not a dependency in package.json`)
  if (target.startsWith('@onehop/')) {
    const ours = target.slice('@onehop/'.length)
    if (!rule.mayImport.includes(ours)) faults.push(`${where}: ${name} must not import ${ours}`)
  } else if (
    LIBP2P_IMPORT.test(specifier) &&
    !LIBP2P_PACKAGES.includes(name) &&
    target !== LIBP2P_KEYS_ONLY
  ) {
    faults.push(`${where}: libp2p belongs in ${LIBP2P_PACKAGES.join(' and ')} only`)
  }
}

function checkPackage(folder: string, name: string, rule: Rule): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  const declared = new Set(Object.keys(manifest.dependencies ?? {}))
  const used = new Set<string>()
  for (const file of sourceFiles(join(folder, 'src'))) {
    const text = readFileSync(file, 'utf8')
    const where = relative(root, file)
    for (const match of text.matchAll(IMPORT)) {
      const specifier = match[1] ?? match[2]
      if (specifier === undefined) continue
      used.add(packageOf(specifier))
      checkImport(name, rule, specifier, declared, where)
    }
    const impure = rule.layer === 'core' ? IMPURE.exec(text) : null
    if (impure) faults.push(`${where}: a core package uses ${impure[0]}`)
  }
  for (const dependency of declared) {
    const isPlugin = dependency.startsWith('@oclif/plugin-')
    if (!used.has(dependency) && !isPlugin)
      faults.push(`${relative(root, folder)}: ${dependency} is declared and not imported`)
  }
}

for (const [name, rule] of Object.entries(RULES)) {
  checkPackage(join(root, rule.layer === 'app' ? 'apps' : 'packages', name), name, rule)
}
for (const name of readdirSync(join(root, 'packages'))) {
  if (!(name in RULES)) faults.push(`packages/${name}: has no rule in scripts/check-architecture.ts`)
}

for (const fault of faults) console.error(fault)
console.log(
  faults.length === 0
    ? 'architecture: every import keeps the dependency rule'
    : `architecture: ${faults.length} faults`,
)
process.exitCode = faults.length === 0 ? 0 : 1
