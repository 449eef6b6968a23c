import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { architectureFaults } from '../check-architecture.ts'

type Manifest = Readonly<Record<string, string>>

describe('the check of the dependency rule', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'onehop-architecture-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }

  /** Faults of a workspace with one package that holds one file. */
  function faultsOf(folder: string, source: string, dependencies: Manifest = {}): string[] {
    write(`${folder}/package.json`, JSON.stringify({ dependencies }))
    write(`${folder}/src/some.ts`, source)
    return architectureFaults(root)
  }

  const OURS = (name: string): Manifest => ({ [`@onehop/${name}`]: '0.1.0' })

  it('finds nothing in imports that go downward', () => {
    const source = "import {\n  sha256,\n} from '@onehop/primitives'\nimport { a } from './other.ts'\n"
    assert.deepEqual(faultsOf('packages/ledger', source, OURS('primitives')), [])
  })

  it('finds an import that goes upward, of types and over several lines too', () => {
    const source = "import type {\n  Chain,\n} from '@onehop/chain'\n"
    assert.deepEqual(faultsOf('packages/ledger', source, OURS('chain')), [
      'packages/ledger/src/some.ts: ledger must not import chain',
    ])
  })

  it('finds an import between cores that know nothing of each other', () => {
    const faults = faultsOf('packages/swarm', "export * from '@onehop/overlay'\n", OURS('overlay'))
    assert.deepEqual(faults, ['packages/swarm/src/some.ts: swarm must not import overlay'])
  })

  it('finds a relative import that leaves the package, and one past the door', () => {
    const around = faultsOf('packages/ledger', "import { x } from '../../chain/src/chain.ts'\n")
    assert.match(around.join(), /is outside the package/)
    const within = faultsOf(
      'packages/ledger',
      "import { x } from '@onehop/primitives/src/bytes.ts'\n",
      OURS('primitives'),
    )
    assert.match(within.join(), /primitives is entered by its door/)
  })

  it('lets the contract tests of the overlay have a door of their own', () => {
    const source = "import { a } from '@onehop/overlay/contract'\n"
    assert.deepEqual(faultsOf('packages/simulator', source, OURS('overlay')), [])
  })

  for (const impure of [
    'Date.now()',
    'new Date()',
    'new Date',
    'Math.random()',
    'performance.now()',
    'randomBytes(32)',
  ]) {
    it(`finds ${impure} in a core, and lets a driver have it`, () => {
      const source = `export const x = ${impure}\n`
      assert.match(faultsOf('packages/kelips', source).join(), /a core package uses/)
      rmSync(join(root, 'packages/kelips'), { recursive: true })
      assert.deepEqual(faultsOf('packages/chain', source), [])
    })
  }

  it('lets a core make a date of a number that it was given', () => {
    assert.deepEqual(faultsOf('packages/kelips', 'export const at = new Date(0)\n'), [])
  })

  it('finds a Node module in a core, with and without its scheme', () => {
    for (const module of ['node:fs', 'crypto'])
      assert.match(
        faultsOf('packages/wallet', `import { x } from '${module}'\n`).join(),
        /a core package imports/,
      )
  })

  for (const library of ['libp2p', '@libp2p/crypto', '@chainsafe/libp2p-noise', '@multiformats/multiaddr']) {
    it(`finds ${library} outside the packages that are for it, imported late too`, () => {
      const dependencies = { [library]: '1.0.0' }
      const source = `export const load = () => import('${library}')\n`
      assert.match(faultsOf('packages/node', source, dependencies).join(), /libp2p belongs in/)
      rmSync(join(root, 'packages/node'), { recursive: true })
      assert.deepEqual(faultsOf('packages/network', source, dependencies), [])
    })
  }

  it('finds what is imported and not declared, and what is declared and not imported', () => {
    assert.deepEqual(faultsOf('packages/rpc', "import fastify from 'fastify'\n", { pino: '10.0.0' }), [
      'packages/rpc/src/some.ts: fastify is not a dependency in package.json',
      'packages/rpc: pino is declared and not imported',
    ])
  })

  it('asks for a rule for every package and app', () => {
    faultsOf('packages/blockchain', '')
    write('apps/dashboard/package.json', '{}')
    assert.deepEqual(architectureFaults(root), [
      'packages/blockchain: has no rule in scripts/check-architecture.ts',
      'apps/dashboard: has no rule in scripts/check-architecture.ts',
    ])
  })
})
