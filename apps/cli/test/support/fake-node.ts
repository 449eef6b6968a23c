/**
 * Stands in for `bin/onehop.js` where tests start processes: `start` serves the calls that the testnet makes, over a
 * chain that all fake nodes of one testnet share in a file. `FAKE_NODE_FAILS` and `FAKE_NODE_STUBBORN` name a node that
 * cannot start, or does not stop.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRpcServer, defineMethod } from '@onehop/rpc'
import { onParentGone } from '../../src/parent.ts'

const { values } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    datadir: { type: 'string' },
    name: { type: 'string' },
    overlay: { type: 'string' },
    'rpc-port': { type: 'string' },
    'bt-port': { type: 'string' },
  },
})
const datadir = String(values.datadir)
const name = String(values.name)
const chainPath = join(dirname(datadir), 'fake-chain.json')

interface FakeChain {
  readonly height: number
  /** Blocks mined to each address. */
  readonly mined: Readonly<Record<string, number>>
}

function readChain(): FakeChain {
  if (!existsSync(chainPath)) return { height: 0, mined: {} }
  return JSON.parse(readFileSync(chainPath, 'utf8')) as FakeChain
}

function hashAt(height: number): string {
  return height.toString(16).padStart(64, '0')
}

function mine(count: number, address: string): string[] {
  const { height, mined } = readChain()
  const chain = { height: height + count, mined: { ...mined, [address]: (mined[address] ?? 0) + count } }
  writeFileSync(chainPath, JSON.stringify(chain))
  return Array.from({ length: count }, (_, i) => hashAt(height + i + 1))
}

if (process.env.FAKE_NODE_FAILS === name) {
  console.error('Some line of the log.')
  console.error('Error: The datadir is in use by another process.')
  process.exit(1)
}
const isStubborn = process.env.FAKE_NODE_STUBBORN === name
if (isStubborn) process.on('SIGTERM', () => undefined)

const methods = [
  defineMethod({
    name: 'node.status',
    summary: 'Status.',
    handler: () => ({
      name,
      peerId: `12D3KooW${name}`,
      btPort: Number(values['bt-port']),
      addresses: [`/ip4/127.0.0.1/tcp/1/p2p/${name}`],
      height: readChain().height,
      bestBlock: hashAt(readChain().height),
      peers: 1,
      overlay: {
        name: String(values.overlay),
        joined: true,
        settled: true,
        load: 0,
        ...(values.overlay === 'kelips' ? { group: 0, k: 4, view: 100, contacts: 3, filetuples: 0 } : {}),
      },
      address: `address-of-${name}`,
      balanceSats: (readChain().mined[`address-of-${name}`] ?? 0) * 5e9,
    }),
  }),
  defineMethod({ name: 'getblockcount', summary: 'Height.', handler: () => readChain().height }),
  defineMethod({
    name: 'generatetoaddress',
    summary: 'Mines.',
    params: { nblocks: { type: 'integer' }, address: { type: 'string' } },
    handler: ({ nblocks, address }) => mine(nblocks, address),
  }),
  defineMethod({
    name: 'stop',
    summary: 'Stops.',
    handler: () => {
      if (!isStubborn) setImmediate(() => process.exit(0))
      return 'stopping'
    },
  }),
]

onParentGone(() => process.exit(0))
const server = await createRpcServer({
  methods,
  port: Number(values['rpc-port']),
  cookiePath: join(datadir, '.cookie'),
})
writeFileSync(join(datadir, 'rpc.json'), JSON.stringify({ url: server.url, pid: process.pid }))
