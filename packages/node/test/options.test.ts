import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { type NodeOptions, OptionError } from '@onehop/node'
import { configure } from '../src/options.ts'

describe("a node's options", () => {
  it('have a default each: everything on the loopback, data in the home folder', () => {
    const { parameters, datadir, listen, connect, peerToPeer, rpcPort, logLevel } = configure({})
    assert.equal(parameters.name, 'regtest')
    assert.match(datadir ?? '', /[/\\]regtest$/)
    assert.deepEqual([listen, connect, peerToPeer], [['/ip4/127.0.0.1/tcp/0'], [], true])
    assert.deepEqual([rpcPort, logLevel], [18_443, 'info'])
  })

  it('of the public network are its own: folder, port', () => {
    const { parameters, datadir, rpcPort } = configure({ network: 'onehop' })
    assert.equal(parameters.name, 'onehop')
    assert.match(datadir ?? '', /[/\\]onehop$/)
    assert.equal(rpcPort, 28_443)
  })

  it('name an overlay, Kelips unless another is asked for', () => {
    assert.equal(configure({}).overlay, 'kelips')
    assert.equal(configure({ overlay: 'chord' }).overlay, 'chord')
    const sentence =
      /^There is no overlay "Chord"; this version runs kelips, napster, gnutella, fasttrack, chord and pastry\.$/
    assert.throws(
      () => configure({ overlay: 'Chord' }),
      (error: Error) => error instanceof OptionError && sentence.test(error.message),
    )
  })

  it('in memory: no files, no log, no port and no peers unless asked for', () => {
    const quiet = configure({ inMemory: true })
    assert.deepEqual(
      [quiet.datadir, quiet.rpcPort, quiet.peerToPeer, quiet.logLevel],
      [undefined, undefined, false, 'silent'],
    )
    const connect = ['/dns4/example.org/tcp/40001/p2p/12D3KooWGtPChEkYu4ARQJVoLDgbASHt8RSeYYvkebkiKc8CHyDb']
    assert.equal(configure({ inMemory: true, connect }).peerToPeer, true)
    assert.equal(configure({ inMemory: true, rpcPort: 0 }).rpcPort, 0)
  })

  it('leave other BitTorrent clients alone unless they are given a port for them, on the hosts of the node', () => {
    const off = {
      tcp: undefined,
      localDiscovery: false,
      limits: {},
      strategy: 'tit-for-tat',
      preallocate: false,
    }
    assert.deepEqual(configure({}).swarm, off)
    assert.deepEqual(configure({ btPort: 0, uploadLimit: 0 }).swarm, off)
    assert.deepEqual(configure({ btPort: 6881 }).swarm.tcp, {
      port: 6881,
      hosts: ['127.0.0.1'],
      encryption: 'allow',
    })
    const listen = ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4001', '/ip4/0.0.0.0/tcp/4002']
    assert.deepEqual(configure({ btPort: 1, listen }).swarm.tcp?.hosts, ['0.0.0.0', '::'])
    assert.deepEqual(configure({ btPort: 1, listen: [] }).swarm.tcp?.hosts, [])
    assert.deepEqual(configure({ uploadLimit: 5, downloadLimit: 7 }).swarm.limits, {
      downloadBytesPerSecond: 7,
      uploadBytesPerSecond: 5,
    })
    assert.equal(configure({ preallocate: true }).swarm.preallocate, true)
    assert.equal(configure({ inMemory: true, btPort: 6881 }).peerToPeer, true)
    const wrong: NodeOptions[] = [
      { btPort: -1 },
      { btPort: 65_536 },
      { btPort: 1.5 },
      { uploadLimit: -1 },
      { downloadLimit: Number.NaN },
      { localDiscovery: true },
    ]
    for (const options of wrong) assert.throws(() => configure(options), OptionError)
  })

  it('give coins 450 MiB of memory, or what is asked for', () => {
    assert.equal(configure({}).coinsCacheBytes, 450 * 1024 * 1024)
    assert.equal(configure({ dbcacheMebibytes: 4 }).coinsCacheBytes, 4 * 1024 * 1024)
  })

  it('bound the mempool as bitcoind does, or as is asked for', () => {
    const { mempool } = configure({})
    assert.deepEqual(mempool, { limit: 300_000_000, minRelayFeeRate: 100n, expirySeconds: 336 * 3_600 })
    const own = configure({ maxMempoolMegabytes: 5, minRelayFeeRate: 0n, mempoolExpiryHours: 2 })
    assert.deepEqual(own.mempool, { limit: 5_000_000, minRelayFeeRate: 0n, expirySeconds: 7_200 })
    const wrong: NodeOptions[] = [
      { maxMempoolMegabytes: 4 },
      { maxMempoolMegabytes: Number.NaN },
      { minRelayFeeRate: -1n },
      { mempoolExpiryHours: 0 },
    ]
    for (const options of wrong) assert.throws(() => configure(options), OptionError)
  })

  it('check scripts on a thread for each core, or on as many as are asked for', () => {
    const { threads } = configure({})
    assert.ok(threads >= 1 && threads <= 16)
    assert.equal(configure({ threads: 1 }).threads, 1)
  })

  it('prune nothing, or to a size in MiB, or what is asked for', () => {
    assert.equal(configure({}).prune, undefined)
    assert.equal(configure({ prune: 0, txindex: true }).prune, undefined)
    assert.deepEqual(configure({ prune: 1 }).prune, { targetBytes: undefined })
    assert.deepEqual(configure({ prune: 550 }).prune, { targetBytes: 550 * 1024 * 1024 })
  })

  it('assume no block valid unless one is named', () => {
    assert.equal(configure({}).assumedValid, undefined)
    assert.equal(configure({ assumeValid: '0' }).assumedValid, undefined)
    assert.equal(configure({ assumeValid: `${'00'.repeat(31)}01` }).assumedValid?.[0], 1)
  })

  it('make a datadir absolute', () => {
    assert.equal(configure({ datadir: 'a/b' }).datadir, resolve('a/b'))
  })

  const wrong: readonly [string, NodeOptions, RegExp][] = [
    ['a network that there is not', { network: 'mainnet' }, /There is no network "mainnet"/],
    ['a datadir for a node in memory', { inMemory: true, datadir: 'a' }, /either in memory or in a datadir/],
    ['a port that is none', { rpcPort: 65_536 }, /between 0 and 65535, not 65536/],
    ['a port with a fraction', { rpcPort: 1.5 }, /not 1.5/],
    ['a cache that is too small', { dbcacheMebibytes: 3 }, /--dbcache wants between 4 and 16384 MiB, not 3/],
    ['a cache that is too large', { dbcacheMebibytes: 16_385 }, /not 16385/],
    ['no threads', { threads: 0 }, /--threads wants between 1 and 16, not 0/],
    ['half a thread', { threads: 1.5 }, /not 1.5/],
    ['a negative size to prune to', { prune: -1 }, /^Prune cannot be configured with a negative value\.$/],
    [
      'a size to prune to that is too small',
      { prune: 549 },
      /minimum of 550 MiB\. Please use a higher number/,
    ],
    [
      'pruning beside txindex',
      { prune: 550, txindex: true },
      /^Prune mode is incompatible with --txindex\.$/,
    ],
    ['a block hash that is none', { assumeValid: 'abc' }, /--assumevalid wants a block hash.*"abc"/],
    ['an interval that is none', { mineIntervalMs: 0 }, /more than 0 ms, not 0/],
    [
      'a text that is no multiaddr',
      { connect: ['127.0.0.1:1'] },
      /--connect wants a multiaddr.*"127.0.0.1:1"/,
    ],
    ['an address that is none', { listen: ['/ip4/300.1.1.1/tcp/0'] }, /--listen wants a multiaddr/],
    ['an IPv6 address as IPv4', { listen: ['/ip4/::1/tcp/0'] }, /--listen wants/],
    ['a TCP port that is none', { listen: ['/ip4/127.0.0.1/tcp/70000'] }, /--listen wants/],
    ['another transport', { listen: ['/ip4/127.0.0.1/udp/1'] }, /--listen wants/],
  ]
  for (const [what, options, sentence] of wrong) {
    it(`refuse ${what} in one sentence`, () => {
      assert.throws(
        () => configure(options),
        (error: Error) => error instanceof OptionError && sentence.test(error.message),
      )
    })
  }
})
