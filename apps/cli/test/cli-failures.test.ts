import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type CommonNode, HASH, startCommonNode, TXID } from './support/common-node.ts'
import { type Run, runCli } from './support/run-cli.ts'

describe('the command line when something is wrong', () => {
  let scene: CommonNode

  before(async () => {
    scene = await startCommonNode()
  })

  beforeEach(() => {
    scene.calls.length = 0
  })

  after(() => scene.node.close())

  function onehop(...args: string[]): Promise<Run> {
    return scene.node.onehop(args)
  }

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
    const { server, datadir } = scene.node
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
      [['status', '--datadir', scene.node.folder], /^Error: No node is running in/],
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
    const run = await scene.node.onehop(['fetch', 'hangs'], {
      onSpawn: pid => {
        scene.onHanging.once('call', () => process.kill(pid, 'SIGINT'))
      },
    })
    assert.equal(run.code, 130)
    assert.equal(run.stderr, 'Error: Interrupted.\n')
  })

  it('calls an option of a node that makes no sense wrong usage, in one sentence', async () => {
    const unused = join(scene.node.datadir, 'unused')
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
})
