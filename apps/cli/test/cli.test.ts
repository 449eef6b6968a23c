import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BitcoinAmount, createRpcServer, defineMethod, RpcError, type RpcServer } from '@onehop/rpc'
import { type Run, runCli } from './support/run-cli.ts'

const HASH = 'ab'.repeat(32)
const TXID = 'cd'.repeat(32)

/** Called when the call that never ends has arrived. */
let onHanging: () => void = () => undefined

/** A node that remembers what it was asked. */
function fakeMethods(calls: unknown[]) {
  const refuse = (name: string, code: number, message: string) =>
    defineMethod({
      name,
      summary: 'Refuses.',
      params: { a: { type: 'any', optional: true }, b: { type: 'any', optional: true } },
      handler: () => {
        throw new RpcError(code, message)
      },
    })
  return [
    defineMethod({ name: 'wallet.address', summary: '', handler: () => 'bcrt1qown' }),
    defineMethod({
      name: 'wallet.send',
      summary: '',
      params: {
        address: { type: 'string' },
        amountSats: { type: 'integer' },
        feeRate: { type: 'number', optional: true },
      },
      handler: values => {
        calls.push(values)
        if (values.amountSats > 5e9) throw new RpcError(-6, 'Insufficient funds')
        return { txid: TXID, feeSats: 141 }
      },
    }),
    defineMethod({
      name: 'generatetoaddress',
      summary: '',
      params: { nblocks: { type: 'integer' }, address: { type: 'string' } },
      handler: values => {
        calls.push(values)
        return Array.from({ length: values.nblocks }, () => HASH)
      },
    }),
    defineMethod({ name: 'getblockcount', summary: '', handler: () => 5 }),
    defineMethod({ name: 'getbalance', summary: '', handler: () => new BitcoinAmount(50_000_000n) }),
    defineMethod({
      name: 'echo',
      summary: '',
      params: { a: { type: 'any', optional: true }, b: { type: 'any', optional: true } },
      handler: values => values,
    }),
    defineMethod({
      name: 'content.publish',
      summary: '',
      params: {
        paths: { type: 'array' },
        words: { type: 'string', optional: true },
        nameWords: { type: 'boolean', default: true },
      },
      handler: ({ paths, words, nameWords }) =>
        paths.map(path => ({
          key: 'bahkey',
          name: 'a.bin',
          path,
          bytes: 3,
          pieces: 1,
          magnet: 'magnet:?xt=urn:btih:00',
          words: [...(words?.split(' ') ?? []), ...(nameWords ? ['bin'] : [])],
          acknowledgements: 2,
        })),
    }),
    defineMethod({
      name: 'content.lookup',
      summary: '',
      params: { key: { type: 'string' } },
      handler: ({ key }) => {
        if (key === 'slow') throw new RpcError(-41, 'Nobody answered for slow within 10 s.')
        if (key !== 'known') throw new RpcError(-40, `Nobody provides ${key}.`)
        const providers = [
          { peerId: '12D3KooWa', addresses: ['/ip4/127.0.0.1/tcp/1'], expiresAt: 1_700_000_000 },
        ]
        return { key: 'bahkey', providers, hops: 1, messages: 2, attempts: 1, elapsedMs: 3 }
      },
    }),
    defineMethod({
      name: 'overlay.inspect',
      summary: '',
      handler: () => ({
        k: 4,
        backgroundBytesPerSecond: 1234.5678,
        view: [
          { peerId: '12D3KooWa', suspect: false },
          { peerId: '12D3KooWb', rttMs: 1.25, suspect: true },
        ],
        contacts: [],
        traffic: { bytesSent: 17 },
      }),
    }),
    defineMethod({
      name: 'content.search',
      summary: '',
      params: { words: { type: 'array' }, limit: { type: 'integer', default: 20 } },
      handler: ({ words, limit }) => {
        if (words.includes('--')) throw new RpcError(-32602, 'Cannot search: a word is needed.')
        if (words.includes('unknown'))
          throw new RpcError(-40, 'Nobody provides content with the word "unknown".')
        const results = [
          { key: 'bahfirst', name: 'Holi\u001bday.jpg', bytes: 2048, providers: 2, words },
          { key: 'bahsecond', providers: 1, words },
        ]
        const cost = { hops: 1, messages: 2, attempts: 1, elapsedMs: 3 }
        return { words, results: results.slice(0, limit), ...cost }
      },
    }),
    defineMethod({
      name: 'content.fetch',
      summary: '',
      params: { key: { type: 'string' }, output: { type: 'string' } },
      handler: ({ key, output }, { signal }) => {
        if (key === 'bad') throw new RpcError(-42, 'The data do not match the key.')
        if (key === 'hangs') {
          onHanging()
          return new Promise(done => signal.addEventListener('abort', () => done(null)))
        }
        return { key, path: output, bytes: 3, pieces: 1, providers: ['12D3KooWa'], elapsedMs: 5 }
      },
    }),
    refuse('sendrawtransaction', -26, 'insufficient fee'),
    refuse('getblockhash', -8, 'Block height out of range'),
    refuse('getblock', -5, 'Block not found'),
    refuse('getrawtransaction', -5, 'No such mempool transaction.'),
  ]
}

describe('the command line and a node', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'onehop-cli-')))
  const datadir = join(folder, 'node')
  const calls: unknown[] = []
  let server: RpcServer

  before(async () => {
    mkdirSync(datadir)
    server = await createRpcServer({
      methods: fakeMethods(calls),
      port: 0,
      cookiePath: join(datadir, '.cookie'),
    })
    writeFileSync(join(datadir, 'rpc.json'), JSON.stringify({ url: server.url, pid: process.pid }))
  })

  after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  function onehop(...args: string[]): Promise<Run> {
    return runCli(args, { env: { ONEHOP_DATADIR: datadir }, cwd: folder })
  }

  it('prints a result for people, as ids, or as JSON', async () => {
    const [text, ids, json] = await Promise.all([
      onehop('wallet', 'send', 'bcrt1qx', '0.1'),
      onehop('wallet', 'send', 'bcrt1qx', '0.1', '-q'),
      onehop('wallet', 'send', 'bcrt1qx', '0.1', '--json'),
    ])
    assert.equal(text.stdout, `Sent 0.1 BTC to bcrt1qx, fee 0.00000141 BTC\n${TXID}\n`)
    assert.equal(ids.stdout, `${TXID}\n`)
    assert.deepEqual(JSON.parse(json.stdout), { txid: TXID, feeSats: 141 })
    for (const run of [text, ids, json]) {
      assert.equal(run.code, 0)
      assert.equal(run.stderr, '')
    }
  })

  it('sends amounts exactly, and the fee rate', async () => {
    calls.length = 0
    await onehop('wallet', 'send', 'bcrt1qx', '20.99999999', '--fee-rate', '2.5')
    assert.deepEqual(calls, [{ address: 'bcrt1qx', amountSats: 2_099_999_999, feeRate: 2.5 }])
  })

  it('mines to the address named, else to the node', async () => {
    calls.length = 0
    const run = await onehop('mine', '2', '--json')
    assert.deepEqual(JSON.parse(run.stdout), { blocks: [HASH, HASH], height: 5, address: 'bcrt1qown' })
    await onehop('mine', '--to', 'bcrt1qother')
    assert.deepEqual(calls, [
      { nblocks: 2, address: 'bcrt1qown' },
      { nblocks: 1, address: 'bcrt1qother' },
    ])
  })

  it('calls any method, with parameters as JSON or text, by position or name', async () => {
    const [byPosition, byName, amount, help] = await Promise.all([
      onehop('rpc', 'echo', '[1,{"x":null}]', 'text'),
      onehop('rpc', 'echo', 'b=5', 'a=text'),
      onehop('rpc', 'getbalance'),
      onehop('rpc', 'help'),
    ])
    assert.deepEqual(JSON.parse(byPosition.stdout), { a: [1, { x: null }], b: 'text' })
    assert.deepEqual(JSON.parse(byName.stdout), { a: 'text', b: 5 })
    assert.equal(amount.stdout, '0.50000000\n')
    assert.match(help.stdout, /^== /)
  })

  it('gives the node whole paths', async () => {
    writeFileSync(join(folder, 'a.bin'), 'abc')
    const [published, fetched] = await Promise.all([
      onehop('publish', 'a.bin', './a.bin', '--json'),
      onehop('fetch', 'known', '-o', 'out.bin', '--json'),
    ])
    const [first, second] = JSON.parse(published.stdout) as { path: string }[]
    assert.equal(first?.path, join(folder, 'a.bin'))
    assert.equal(second?.path, join(folder, 'a.bin'))
    assert.equal((JSON.parse(fetched.stdout) as { path: string }).path, join(folder, 'out.bin'))
  })

  it('prints who has content', async () => {
    const run = await onehop('lookup', 'known')
    assert.match(run.stdout, /^bahkey\n1 provider found in 1 hop, 2 messages, 1 attempt, 3 ms\n {2}12D3KooWa/)
  })

  it('says by which words a file is found', async () => {
    writeFileSync(join(folder, 'b.bin'), 'abc')
    const [own, more, none] = await Promise.all([
      onehop('publish', 'b.bin'),
      onehop('publish', 'b.bin', '--words', 'rome 2024'),
      onehop('publish', 'b.bin', '--no-name-words'),
    ])
    assert.match(own.stdout, /\n {2}found by bin\n$/)
    assert.match(more.stdout, /\n {2}found by rome, 2024, bin\n$/)
    assert.match(none.stdout, /\n {2}found by no words\n$/)
  })

  it('prints what a search found as a table, as keys for "fetch", or as JSON', async () => {
    const [text, ids, json] = await Promise.all([
      onehop('search', 'holiday', 'rome'),
      onehop('search', 'holiday', '--limit', '1', '-q'),
      onehop('search', 'holiday', '--json'),
    ])
    assert.equal(
      text.stdout,
      '2 contents with holiday, rome, found in 1 hop, 2 messages, 1 attempt, 3 ms\n' +
        'name          size     providers  key\n' +
        'Holi?day.jpg  2.0 KiB  2          bahfirst\n' +
        '                       1          bahsecond\n',
    )
    assert.equal(ids.stdout, 'bahfirst\n')
    assert.deepEqual((JSON.parse(json.stdout) as { words: string[] }).words, ['holiday'])
  })

  it('prints an overlay as figures, then its tables', async () => {
    const run = await onehop('overlay')
    assert.equal(
      run.stdout,
      'k                         4\n' +
        'backgroundBytesPerSecond  1234.6\n' +
        'traffic.bytesSent         17\n\n' +
        'view (2)\n' +
        'peerId     suspect  rttMs\n' +
        '12D3KooWa  false\n' +
        '12D3KooWb  true     1.3\n\n' +
        'contacts (0)\n',
    )
  })

  it('ends with a code that tells what happened, and one sentence', async () => {
    const cases: [string[], number, RegExp][] = [
      [['lookup', 'unknown'], 4, /^Error: Nobody provides unknown\.\n$/],
      [['lookup', 'slow'], 5, /^Error: Nobody answered for slow within 10 s\.\n$/],
      [['search', 'unknown'], 4, /^Error: Nobody provides content with the word "unknown"\.\n$/],
      [['fetch', 'bad'], 6, /^Error: The data do not match the key\.\n$/],
      [
        ['fetch', 'hangs', '--timeout', '0.2'],
        5,
        /^Error: hangs was not here within 0\.2 s; the same command goes on with what came\.\n$/,
      ],
      [['tx', 'send', '00ff'], 1, /^Error: insufficient fee\n$/],
      [['wallet', 'send', 'x', '60'], 1, /^Error: Insufficient funds\n$/],
      [['chain', 'block', '9'], 4, /^Error: There is no block at height 9\.\n$/],
      [['chain', 'block', HASH], 4, /^Error: There is no block abab/],
      [['chain', 'tx', TXID], 4, /^Error: There is no transaction cdcd/],
      [['publish', 'no-such-file'], 1, /^Error: There is no file \/.*no-such-file\.\n$/],
      [
        ['rpc', 'nonsense'],
        1,
        /^Error: Method not found: "nonsense"; "onehop rpc help" lists those there are\.\n$/,
      ],
    ]
    await Promise.all(
      cases.map(async ([args, code, stderr]) => {
        const run = await onehop(...args)
        assert.equal(run.code, code, args.join(' '))
        assert.match(run.stderr, stderr)
        assert.equal(run.stdout, '')
      }),
    )
  })

  it('says what was typed wrong, with code 2', async () => {
    const cases: [string[], RegExp][] = [
      [['mine', '0'], /^Error: COUNT must be a whole number from 1 to 100000, not "0"\.\n$/],
      [['wallet', 'send', 'x'], /^Error: AMOUNT is missing; see --help\.\n$/],
      [['search'], /^Error: WORDS is missing; see --help\.\n$/],
      [['search', '--', '--'], /^Error: Cannot search: a word is needed\.\n$/],
      [
        ['search', 'a', '--limit', '0'],
        /^Error: --limit must be a whole number from 1 to 1000, not "0"\.\n$/,
      ],
      [['chain', 'tx', 'abc'], /64 hex digits/],
      [['status', '--frob'], /^Error: There is no flag --frob; see --help\.\n$/],
      [['statsu'], /did you mean "onehop status"/],
      [
        ['testnet', 'up', '--nodes', '0'],
        /^Error: --nodes must be a whole number from 1 to 50, not "0"\.\n$/,
      ],
      [['testnet', 'up', '--block-time=-1'], /^Error: --block-time must be a number from 0/],
      [
        ['testnet', 'up', '--nodes', '2', '--miners', '3'],
        /--miners must not be more than the number of nodes/,
      ],
    ]
    await Promise.all(
      cases.map(async ([args, stderr]) => {
        const run = await onehop(...args)
        assert.equal(run.code, 2, `${args.join(' ')}: ${run.stderr}`)
        assert.match(run.stderr, stderr)
        assert.equal(run.stderr.trim().split('\n').length, 1, 'one line')
      }),
    )
  })

  it('says with --json what went wrong in JSON too', async () => {
    const run = await onehop('lookup', 'unknown', '--json')
    assert.deepEqual(JSON.parse(run.stdout), { error: { code: -40, message: 'Nobody provides unknown.' } })
    assert.equal(run.stderr, 'Error: Nobody provides unknown.\n')
    const usage = await onehop('mine', 'x', '--json')
    assert.equal((JSON.parse(usage.stdout) as { error: { code: string } }).error.code, 'usage')
  })

  it('finds the node by URL, by port, by datadir and by environment, in that order', async () => {
    const elsewhere = { ONEHOP_RPC: 'http://127.0.0.1:1', ONEHOP_DATADIR: datadir }
    const { user, password } = server.credentials
    const runs = await Promise.all([
      runCli(['wallet', 'address', '--rpc', server.url], { env: elsewhere }),
      runCli(['wallet', 'address', '--rpc', `localhost:${server.port}`], { env: elsewhere }),
      runCli(['wallet', 'address', '--rpc', String(server.port)], { env: elsewhere }),
      runCli(['wallet', 'address', '--datadir', datadir], { env: elsewhere }),
      runCli(['wallet', 'address'], {
        env: { ONEHOP_RPC: server.url.replace('//', `//${user}:${password}@`) },
      }),
    ])
    for (const run of runs) assert.equal(run.stdout, 'bcrt1qown\n', run.stderr)
    assert.equal((await runCli(['wallet', 'address'], { env: elsewhere })).code, 3)
  })

  it('says when no node is there', async () => {
    const cases: [string[], RegExp][] = [
      [['status'], /^Error: No node is running; start one with "onehop start"/],
      [
        ['status', '--rpc', '127.0.0.1:1'],
        /^Error: No node answers at http:\/\/127\.0\.0\.1:1 \(connection refused\)\./,
      ],
      [['status', '--datadir', folder], /^Error: No node is running in/],
      [['status', '--node', '2'], /^Error: No testnet is running/],
    ]
    await Promise.all(
      cases.map(async ([args, stderr]) => {
        const run = await runCli(args)
        assert.equal(run.code, 3, args.join(' '))
        assert.match(run.stderr, stderr)
      }),
    )
  })

  it('ends with 130 when it is interrupted', async () => {
    const run = await runCli(['fetch', 'hangs'], {
      env: { ONEHOP_DATADIR: datadir },
      onSpawn: pid => {
        onHanging = () => process.kill(pid, 'SIGINT')
      },
    })
    onHanging = () => undefined
    assert.equal(run.code, 130)
    assert.equal(run.stderr, 'Error: Interrupted.\n')
  })

  it('calls an option of a node that makes no sense wrong usage, in one sentence', async () => {
    const unused = join(datadir, 'unused')
    const cases: [string[], RegExp][] = [
      [['--prune', '549'], /minimum of 550 MiB/],
      [['--assumevalid', 'abc'], /wants a block hash/],
      [['--network', 'foo'], /There is no network "foo"/],
    ]
    await Promise.all(
      cases.map(async ([flags, sentence]) => {
        const run = await runCli(['start', '--datadir', unused, ...flags])
        assert.equal(run.code, 2)
        assert.match(run.stderr, sentence)
        assert.equal(run.stderr.trim().split('\n').length, 1)
      }),
    )
  })

  it('has help with examples for every command', async () => {
    const commands = ['fetch', 'testnet up', 'start']
    await Promise.all(
      commands.map(async command => {
        const run = await runCli([...command.split(' '), '--help'])
        assert.equal(run.code, 0)
        assert.match(run.stdout, /EXAMPLES/)
        assert.match(run.stdout, new RegExp(`\\$ onehop ${command}`))
      }),
    )
    const root = await runCli([])
    assert.match(root.stdout, /testnet +Run a whole local testnet/)
  })
})
