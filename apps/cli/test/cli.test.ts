import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommonNode, HASH, startCommonNode, TXID } from './support/common-node.ts'
import { type Run, runCli } from './support/run-cli.ts'

describe('the command line and a node', () => {
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
    await onehop('wallet', 'send', 'bcrt1qx', '20.99999999', '--fee-rate', '2.5')
    assert.deepEqual(scene.calls, [{ address: 'bcrt1qx', amountSats: 2_099_999_999, feeRate: 2.5 }])
  })

  it('mines to the address named, else to the node', async () => {
    const run = await onehop('mine', '2', '--json')
    assert.deepEqual(JSON.parse(run.stdout), { blocks: [HASH, HASH], height: 5, address: 'bcrt1qown' })
    await onehop('mine', '--to', 'bcrt1qother')
    assert.deepEqual(scene.calls, [
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
    writeFileSync(join(scene.node.folder, 'a.bin'), 'abc')
    const [published, fetched] = await Promise.all([
      onehop('publish', 'a.bin', './a.bin', '--json'),
      onehop('fetch', 'known', '-o', 'out.bin', '--json'),
    ])
    const [first, second] = JSON.parse(published.stdout) as { path: string }[]
    assert.equal(first?.path, join(scene.node.folder, 'a.bin'))
    assert.equal(second?.path, join(scene.node.folder, 'a.bin'))
    assert.equal((JSON.parse(fetched.stdout) as { path: string }).path, join(scene.node.folder, 'out.bin'))
  })

  it('prints who has content', async () => {
    const run = await onehop('lookup', 'known')
    assert.match(run.stdout, /^bahkey\n1 provider found in 1 hop, 2 messages, 1 attempt, 3 ms\n {2}12D3KooWa/)
  })

  it('says by which words a file is found', async () => {
    writeFileSync(join(scene.node.folder, 'b.bin'), 'abc')
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
