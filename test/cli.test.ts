import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CliRun, CommandLine, removeFolder, runCli, temporaryFolder } from './support/node-process.ts'
import { until } from './support/wait.ts'

const COIN = 100_000_000
/** Time in ms that Ctrl-C may take on a machine that starts processes in no time; on others so much longer. */
const STOP_LIMIT_MS = 5_000
const MAINNET_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
/** The same key's on regtest (BIP 173); nobody here has it. */
const FOREIGN_ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

interface NodeReport {
  readonly name: string
  readonly pid: number
  readonly rpc: string
  readonly btPort: number
  readonly peerId: string
  readonly height: number
  readonly bestBlock: string
  readonly peers: number
  readonly address: string
  readonly balanceSats: number
}

interface Report {
  readonly datadir: string
  readonly nodes: readonly NodeReport[]
}

/** Command lines of processes that work in the folder, whoever started them. */
function processesIn(folder: string): string[] {
  return execFileSync('ps', ['-ewwo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter(line => line.includes(folder) && !line.startsWith('ps '))
}

describe('the command line on a testnet of its own', () => {
  const folder = temporaryFolder('cli')
  const datadir = join(folder, 'net')
  const environment = { ONEHOP_HOME: join(folder, 'home') }
  let report: Report

  const cli = (...args: string[]): Promise<CliRun> => runCli(args, environment)

  /** What a command prints with `--json`; it must say nothing on stderr. */
  async function json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await cli(...args, '--json')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, args.join(' '))
    return JSON.parse(stdout) as T
  }

  function up(...args: string[]): Promise<Report> {
    return json<Report>(
      ...['testnet', 'up', '--detach', '--datadir', datadir],
      ...['--rpc-port', '23443', '--block-time', '0', ...args],
    )
  }

  before(async () => {
    report = await up('--nodes', '3')
  })

  after(async () => {
    await cli('testnet', 'down', '--datadir', datadir)
    removeFolder(folder)
  })

  it('has funded every node and tells where it is', async () => {
    assert.deepEqual(
      report.nodes.map(({ name, balanceSats, peers }) => ({ name, balanceSats, peers })),
      ['node1', 'node2', 'node3'].map(name => ({ name, balanceSats: 50 * COIN, peers: 2 })),
    )
    const status = await json<Report>('testnet', 'status')
    assert.deepEqual(status.nodes, report.nodes)
    assert.deepEqual(Object.keys(status.nodes[0]!), [
      ...['name', 'pid', 'rpc', 'btPort', 'peerId', 'height', 'bestBlock', 'peers', 'address', 'balanceSats'],
    ])
  })

  it('pays from one node to another, and shows the payment in its block', async () => {
    const [, , payee] = report.nodes
    const { txid } = await json<{ txid: string }>('wallet', 'send', payee!.address, '1.5')
    const { blocks } = await json<{ blocks: string[] }>('mine', '2')
    assert.equal(blocks.length, 2)
    await until('node 3 has the coins', async () => {
      const { confirmedSats } = await json<{ confirmedSats: number }>('wallet', 'balance', '--node', '3')
      return confirmedSats === 51.5 * COIN
    })
    const transaction = await json<{ confirmations: number; blockhash: string }>('chain', 'tx', txid)
    assert.deepEqual([transaction.confirmations, transaction.blockhash], [2, blocks[0]])
    const block = await json<{ tx: string[] }>('chain', 'block', blocks[0]!)
    assert.ok(block.tx.includes(txid))
  })

  it('proves a payment to somebody who has headers alone', async () => {
    const payee = report.nodes[2]!.address
    const { txid } = await json<{ txid: string }>('wallet', 'send', payee, '0.25')
    const { blocks } = await json<{ blocks: string[] }>('mine', '1')
    const { proof } = await json<{ proof: string }>('tx', 'prove', txid)
    assert.equal((await cli('tx', 'prove', txid, '--block', blocks[0]!)).stdout.trim(), proof)
    const wanted = ['--to', payee, '--amount', '0.25']
    const shown = await json<Record<string, unknown>>('tx', 'verify', proof, ...wanted)
    assert.deepEqual([shown.txid, shown.confirmations], [txid, 1])

    const failures: [RegExp, ...string[]][] = [
      [/confirmed by 1 block, not by 2\.$/m, proof, '--confirmations', '2'],
      [/pays 0\.25 BTC, not 0\.3 BTC, to/, proof, '--to', payee, '--amount', '0.3'],
      [/pays nothing to/, proof, '--to', FOREIGN_ADDRESS],
      [/refused: header-not-found/, `01${proof.slice(2)}`],
      [/refused: bad-txoutproof/, proof.slice(0, -2)],
    ]
    for (const [message, ...rest] of failures) {
      const { code, stderr } = await cli('tx', 'verify', ...rest)
      assert.equal(code, 6, stderr)
      assert.match(stderr, message)
    }
  })

  it('publishes a file, finds it from another node in one hop and brings it there', async () => {
    const source = join(folder, 'näme with spaces.bin')
    writeFileSync(source, randomBytes(700_000))
    const [item] = await json<Record<string, unknown>[]>('publish', source, '--node', '2')
    const { key, infohash, magnet, acknowledgements, ...rest } = item!
    assert.deepEqual(rest, {
      name: 'näme with spaces.bin',
      path: source,
      bytes: 700_000,
      pieces: 3,
      files: 1,
      words: ['näme', 'with', 'spaces', 'bin'],
    })
    assert.match(String(infohash), /^[0-9a-f]{40}$/)
    assert.ok(String(magnet).startsWith(`magnet:?xt=urn:btih:${infohash}&`))
    assert.ok(Number(acknowledgements) >= 1)

    const found = await json<{ key: string; hops: number; providers: { peerId: string }[] }>(
      ...['lookup', 'näme with spaces.bin', '--node', '3'],
    )
    assert.equal(found.key, key)
    assert.ok(found.hops <= 1)
    assert.deepEqual(
      found.providers.map(({ peerId }) => peerId),
      [report.nodes[1]!.peerId],
    )

    const searched = await cli('search', 'NÄME', 'bin', '--node', '3', '-q')
    assert.deepEqual([searched.stdout, searched.code], [`${key}\n`, 0])

    mkdirSync(join(folder, 'there'))
    const fetched = await json<Record<string, unknown>>(
      ...['fetch', String(magnet), '--node', '3', '-o', join(folder, 'there')],
    )
    assert.deepEqual(Object.keys(fetched), [
      ...['key', 'infohash', 'name', 'path', 'bytes', 'pieces', 'providers', 'fetchedBytes', 'elapsedMs'],
    ])
    assert.equal(fetched.path, join(folder, 'there', 'näme with spaces.bin'))
    assert.ok(readFileSync(source).equals(readFileSync(String(fetched.path))))
  })

  it('offers a file by other words, and takes it back with all of them', async () => {
    const source = join(folder, 'img_0815.jpg')
    writeFileSync(source, randomBytes(1_000))
    const shown = await cli('publish', source, '--words', 'holiday, Rome', '--no-name-words', '--node', '2')
    assert.match(shown.stdout, /\n {2}found by holiday, rome\n$/)
    const table = await cli('search', 'rome', 'holiday', '--node', '3')
    assert.match(
      table.stdout,
      /^1 content with rome, holiday, found in [01] hops?, .*\nname.*\nimg_0815\.jpg /,
    )
    assert.equal((await cli('search', '0815', '--node', '3')).code, 4)
    assert.equal((await cli('unpublish', 'img_0815.jpg', '--node', '2')).code, 0)
    await until('nobody finds it', async () => {
      assert.equal((await cli('search', 'rome', '--node', '3')).code, 4)
      assert.equal((await cli('lookup', 'img_0815.jpg', '--node', '3')).code, 4)
      return true
    })
  })

  it('answers what makes no sense with one sentence and a code, and goes on', async () => {
    const { address, rpc } = report.nodes[1]!
    const existing = join(folder, 'existing')
    writeFileSync(existing, 'something else')
    const cases: [number, RegExp, ...string[]][] = [
      [1, /another network; addresses of regtest begin with bcrt1/, 'wallet', 'send', MAINNET_ADDRESS, '1'],
      [1, /Invalid address "xyz"/, 'mine', '1', '--to', 'xyz'],
      [1, /Insufficient funds: 100000\.0+ BTC/, 'wallet', 'send', address, '100000'],
      [2, /more than 0/, 'wallet', 'send', address, '0'],
      [2, /more than 0/, 'wallet', 'send', address, '-1'],
      [2, /up to 8 decimals/, 'wallet', 'send', address, '0.123456789'],
      [2, /ADDRESS is missing/, 'wallet', 'send'],
      [2, /COUNT must be a whole number/, 'mine', '1.5'],
      [1, /There is no file/, 'publish', join(folder, 'missing')],
      [1, /not a regular file/, 'publish', '/dev/null'],
      [4, /Nobody provides nothing\.bin/, 'lookup', 'nothing.bin'],
      [4, /Nobody provides content with the words "no" and "such"\./, 'search', 'no such'],
      [2, /Cannot search: a word of at least 2 letters or digits is needed\./, 'search', ' ... '],
      [2, /Cannot search: at most 8 words, not 9\./, 'search', 'a1 a2 a3 a4 a5 a6 a7 a8 a9'],
      [2, /Cannot publish: a word of at least 2 letters/, 'publish', existing, '--words', ','],
      [4, /does not have nothing\.bin/, 'unpublish', 'nothing.bin'],
      [4, /Nobody provides/, 'fetch', '00'.repeat(20)],
      [1, /a different file is there already/, 'fetch', 'näme with spaces.bin', '-o', existing],
      [1, /magnet link/, 'lookup', 'magnet:?xt=urn:btih:zzz'],
      [1, /TX decode failed/, 'tx', 'send', '00'],
      [4, /There is no block at height/, 'chain', 'block', '999999'],
      [4, /There is no transaction/, 'chain', 'tx', '00'.repeat(32)],
      [4, /There is no transaction/, 'tx', 'prove', '00'.repeat(32)],
      [2, /even number of hex digits/, 'tx', 'verify', 'xyz'],
      [1, /Method not found: "nonsense"/, 'rpc', 'nonsense'],
      [1, /Invalid peer id "xyz"/, 'rpc', 'setban', 'xyz', 'add'],
      [1, /Cannot connect to .*: connection refused/, 'peers', 'connect', '/ip4/127.0.0.1/tcp/1'],
      [2, /has no node "9"/, 'status', '--node', '9'],
      [3, /connection refused/, 'status', '--rpc', '1'],
      [3, /There is no datadir/, 'status', '--datadir', join(folder, 'missing')],
      [2, /did you mean "onehop testnet"/, 'testnt'],
      [2, /There is no flag --frob/, 'mine', '--frob'],
      [1, /A testnet is running in/, 'testnet', 'up', '--datadir', datadir],
      [
        1,
        /in use by another onehop process/,
        'start',
        '--datadir',
        join(datadir, 'node1'),
        '--rpc-port',
        '0',
      ],
      [
        1,
        /is in use by another process/,
        'start',
        '--datadir',
        join(folder, 's'),
        '--rpc-port',
        rpc.slice(-5),
      ],
      [2, /There is no network "mainnet"/, 'start', '--datadir', join(folder, 's'), '--network', 'mainnet'],
      [2, /--connect wants a multiaddr/, 'start', '--datadir', join(folder, 's'), '--connect', 'xyz'],
      [1, /is there already/, 'start', '--datadir', existing],
      [1, /cannot be used/, 'start', '--datadir', '/proc/onehop'],
    ]
    const run = async ([code, sentence, ...args]: (typeof cases)[number]) => {
      const ended = await cli(...args)
      assert.match(ended.stderr, /^Error: [^\n]+\n$/, args.join(' '))
      assert.match(ended.stderr, sentence, args.join(' '))
      assert.deepEqual([ended.code, ended.stdout], [code, ''], args.join(' '))
    }
    for (let i = 0; i < cases.length; i += 4) await Promise.all(cases.slice(i, i + 4).map(run))
    assert.equal((await json<Report>('testnet', 'status')).nodes.length, 3)
  })

  it('leaves no process behind when it is taken down, and goes on with the same coins', async () => {
    const earlier = await json<Report>('testnet', 'status')
    const down = await json<{ stopped: string[] }>('testnet', 'down')
    assert.deepEqual(down.stopped, ['node1', 'node2', 'node3'])
    assert.deepEqual(processesIn(folder), [])

    const later = await up('--nodes', '3')
    const lasting = ({ peerId, height, bestBlock, address, balanceSats }: NodeReport) => [
      ...[peerId, height, bestBlock, address, balanceSats],
    ]
    assert.deepEqual(later.nodes.map(lasting), earlier.nodes.map(lasting))
  })
})

describe('a testnet in the foreground', () => {
  const folder = temporaryFolder('foreground')
  let testnet: CommandLine
  let startMs = 0

  beforeEach(async () => {
    const beganMs = performance.now()
    const args = ['testnet', 'up', '--nodes', '2', '--datadir', join(folder, 'net'), '--rpc-port', '23543']
    testnet = CommandLine.start([...args, '--block-time', '1'], { ONEHOP_HOME: join(folder, 'home') })
    await until('it is up', () => testnet.stdout.includes('Try this next'))
    startMs = performance.now() - beganMs
  })

  afterEach(() => testnet.killGroup('SIGKILL'))
  after(() => removeFolder(folder))

  it('tells of blocks, and ends within five seconds of Ctrl-C without leaving a process', async () => {
    await until('a block is told', () => /^block \d+ {2}\w+…\w+ {2}1 transaction$/m.test(testnet.stderr))
    const pressedAtMs = performance.now()
    testnet.killGroup('SIGINT')
    assert.equal(await testnet.ended, 0)
    assert.ok(performance.now() - pressedAtMs < STOP_LIMIT_MS + startMs)
    assert.match(testnet.stderr, /All nodes have stopped\.\n$/)
    assert.deepEqual(processesIn(folder), [])
  })

  it('tells of a node that was killed, and ends with it when it is killed itself', async () => {
    const running = JSON.parse(readFileSync(join(folder, 'net', 'running.json'), 'utf8')) as {
      supervisor: number
      nodes: { pid: number }[]
    }
    process.kill(running.nodes[1]!.pid, 'SIGKILL')
    await until('it is told', () => testnet.stderr.includes('node2 was ended by SIGKILL.\n'))
    process.kill(running.supervisor, 'SIGKILL')
    await testnet.ended
    await until('no process is left', () => processesIn(folder).length === 0, STOP_LIMIT_MS + startMs)
  })
})
