import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { MAX_HEADERS_AHEAD } from '@onehop/chain'
import { KELIPS_TESTNET, type MemberRecord } from '@onehop/kelips'
import {
  asTxId,
  hexToBlockHash,
  parseTransaction,
  serializeBlock,
  serializeHeader,
  serializeTransaction,
  Transaction,
} from '@onehop/ledger'
import { framePrefix } from '@onehop/libp2p-overlay'
import { MAX_ANNOUNCED_TRANSACTIONS, MAX_GOSSIP_FRAME_BYTES, MAX_SYNC_FRAME_BYTES } from '@onehop/network'
import { cidToInfohash, contentKey, type Pointer, pointerPayload } from '@onehop/overlay'
import { bytesKey, concatBytes, hexToBytes, ProtobufWriter, sha256d } from '@onehop/primitives'
import { encodeHandshake } from '@onehop/swarm'
import {
  NodeProcess,
  removeFolder,
  startCluster,
  temporaryFolder,
  untilSynced,
} from './support/node-process.ts'
import { copyChain, headerOn, headersOn, manyHeadersOn, mineGreedyBlock } from './support/shadow-chain.ts'
import { flood, Stranger, sendFramed, signedRecord } from './support/stranger.ts'
import { until } from './support/wait.ts'

const MIB = 1024 * 1024
const DESTINATION = 'bcrt1qjfje4g6q0k9psmswrhdu2e7mrvr6gjftny0qg3'
/** What a node may grow by, whatever a peer sends: caches, windows and garbage that was not collected yet. */
const ALLOWED_GROWTH_BYTES = 160 * MIB
/** More than a node answers in a burst. */
const REQUESTS_AT_ONCE = 5_000
/** How long a busy node may take to go on reading what it has to read. */
const READING_PATIENCE_MS = 60_000

/** The same transaction, spending a coin that nobody knows. */
function orphanLike({ version, inputs, outputs, lockTime }: Transaction): Transaction {
  const lost = inputs.map(input => ({
    ...input,
    previousOutput: { txid: asTxId(randomBytes(32)), index: 0 },
  }))
  return new Transaction({ version, inputs: lost, outputs, lockTime })
}

interface PeerInfo {
  readonly peerId: string
  readonly score: number
}

describe('a hostile peer', () => {
  const folder = temporaryFolder('hostile')
  let victim: NodeProcess
  let honest: NodeProcess
  let honestId: string
  let victimId: string
  let pid: number

  before(async () => {
    const [first, second] = await startCluster(folder, 2)
    victim = first!
    honest = second!
    victimId = (await victim.status()).peerId
    honestId = (await honest.status()).peerId
    pid = (await victim.call<{ pid: number }>('node.status')).pid
    await victim.call('generatetoaddress', [102, (await victim.status()).address])
    await untilSynced([victim, honest])
  })

  /** Whatever happened: the node works, and those who did nothing wrong are none the worse for it. */
  afterEach(async () => {
    await Stranger.stopAll()
    await honest.call('generatetoaddress', [1, DESTINATION])
    await untilSynced([victim, honest])
    assert.equal((await peer(victim, honestId))?.score, 0)
    assert.equal((await peer(honest, victimId))?.score, 0)
    assert.deepEqual(await honest.call('listbanned'), [])
  })

  after(async () => {
    await NodeProcess.killAll()
    removeFolder(folder)
  })

  async function peer(node: NodeProcess, peerId: string): Promise<PeerInfo | undefined> {
    return (await node.call<PeerInfo[]>('getpeerinfo')).find(info => info.peerId === peerId)
  }

  async function untilBanned(stranger: Stranger): Promise<void> {
    await until('the stranger is banned and gone', async () => {
      const banned = await victim.call<{ address: string }[]>('listbanned')
      return banned.some(({ address }) => address === stranger.peerId) && !stranger.isConnected
    })
  }

  async function assertBlameless(stranger: Stranger): Promise<void> {
    assert.equal((await peer(victim, stranger.peerId))?.score, 0)
    assert.ok(stranger.isConnected)
  }

  function memoryBytes(): number {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) * 1024
  }

  async function tipHash(): Promise<Uint8Array> {
    return hexToBlockHash((await victim.status()).bestBlock)
  }

  describe('in gossip', () => {
    const malformed: readonly (readonly [string, 'headers' | 'transactions', () => Promise<Uint8Array>])[] = [
      ['a header without proof of work', 'headers', async () => headerOn(await tipHash(), 1, false)],
      ['bytes that are no header', 'headers', async () => randomBytes(79)],
      ['bytes that are no announcement', 'transactions', async () => randomBytes(33)],
      [
        'an announcement of too many transactions',
        'transactions',
        async () => randomBytes(32 * (MAX_ANNOUNCED_TRANSACTIONS + 1)),
      ],
    ]
    for (const [what, topic, make] of malformed) {
      it(`is banned for ${what}`, async () => {
        const stranger = await Stranger.meet(victim)
        await stranger.join(topic)
        await stranger.gossip(topic, await make())
        await untilBanned(stranger)
        await stranger.sync().catch(() => {})
        await until('it is cut off again', () => !stranger.isConnected)
      })
    }

    it('is banned for a frame above the limit', async () => {
      const stranger = await Stranger.meet(victim)
      await stranger.join('headers')
      const stream = await stranger.gossipStream()
      stream.send(framePrefix(MAX_GOSSIP_FRAME_BYTES + 1))
      await untilBanned(stranger)
    })

    it('is not blamed for headers whose parents nobody knows', async () => {
      const stranger = await Stranger.meet(victim)
      const session = await stranger.sync((message, { send }) => {
        if (message.type === 'getHeaders') send({ type: 'headers', id: message.id, headers: [] })
      })
      const questions = () => session.received.filter(({ type }) => type === 'getHeaders').length
      await until('the node has compared its headers', () => questions() > 0)
      await stranger.join('headers')
      const asked = questions()
      await stranger.gossip('headers', headerOn(randomBytes(32), 1, true))
      await until('the node has asked what the header belongs to', () => questions() > asked)
      await assertBlameless(stranger)
    })

    it('is banned for a flood of headers, and the node hardly grows', async () => {
      const stranger = await Stranger.meet(victim)
      await stranger.join('headers')
      const topic = `/onehop/0f9188f1/headers/1`
      const stream = await stranger.gossipStream()
      const before = memoryBytes()
      for (let salt = 0; stranger.isConnected && salt < 40_000; salt += 200) {
        const rpc = new ProtobufWriter()
        for (let i = 0; i < 200; i++) {
          const header = headerOn(sha256d(Uint8Array.of(1)), salt + i, true)
          rpc.message(2, message => message.bytes(2, header).string(4, topic))
        }
        const frame = rpc.toBytes()
        await flood(stream, concatBytes(framePrefix(frame.length), frame), 1)
        // Lets the connection be read: a ban closes it.
        await new Promise(setImmediate)
      }
      await untilBanned(stranger)
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
    })
  })

  describe('with blocks', () => {
    it('is banned for a block that pays too much, and whoever passed its header on is not', async () => {
      const block = await mineGreedyBlock(await copyChain(victim))
      const stranger = await Stranger.meet(victim)
      const session = await stranger.sync((message, { send }) => {
        if (message.type === 'getHeaders') send({ type: 'headers', id: message.id, headers: [] })
        if (message.type === 'getBlocks')
          send({ type: 'block', id: message.id, bytes: serializeBlock(block) })
      })
      await stranger.join('headers')
      await stranger.gossip('headers', serializeHeader(block.header))
      await untilBanned(stranger)
      assert.ok(session.received.some(({ type }) => type === 'getBlocks'))
      const tips = await victim.call<{ hash: string; status: string }[]>('getchaintips')
      assert.ok(tips.some(({ status }) => status === 'invalid'))
    })

    it('is banned for a block that nobody asked for', async () => {
      const stranger = await Stranger.meet(victim)
      const session = await stranger.sync()
      const before = memoryBytes()
      for (let id = 1_000; stranger.isConnected && id < 1_100; id++) {
        session.send({ type: 'block', id, bytes: new Uint8Array(1_000_000) })
        await new Promise(setImmediate)
      }
      await untilBanned(stranger)
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
    })

    it('is banned for a compact block that no block can be', async () => {
      const [header] = headersOn(await tipHash(), 1)
      const stranger = await Stranger.meet(victim)
      const counts = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff)
      await stranger.sync(
        (message, { send }) => {
          const { id } = message
          if (message.type === 'getHeaders') send({ type: 'headers', id, headers: [header!] })
          if (message.type === 'getCompactBlock')
            send({ type: 'compactBlock', id, bytes: concatBytes(header!, new Uint8Array(8), counts) })
        },
        { version: 2, bestHash: sha256d(header!) },
      )
      await untilBanned(stranger)
    })

    it('cannot hold up the chain by announcing headers whose blocks it keeps to itself', async () => {
      const stranger = await Stranger.meet(victim)
      const headers = headersOn(await tipHash(), 20)
      await stranger.sync(
        (message, { send }) => {
          if (message.type === 'getHeaders') send({ type: 'headers', id: message.id, headers })
          if (message.type === 'getBlocks')
            for (const hash of message.hashes) send({ type: 'notFound', id: message.id, hash })
        },
        { bestHash: sha256d(headers.at(-1)!) },
      )
      await until('the node follows the headers', async () => {
        const { headers: best, blocks } = await victim.call<{ headers: number; blocks: number }>(
          'getblockchaininfo',
        )
        return best === blocks + 20
      })
      await honest.call('generatetoaddress', [2, DESTINATION])
      await untilSynced([victim, honest])
      await assertBlameless(stranger)
    })
  })

  describe('in the sync protocol', () => {
    const frames: readonly (readonly [string, () => Uint8Array])[] = [
      ['bytes that are no message', () => concatBytes(framePrefix(64), randomBytes(64).fill(0xff))],
      ['a frame above the limit', () => framePrefix(MAX_SYNC_FRAME_BYTES + 1)],
      ['a length that has no end', () => new Uint8Array(16).fill(0xff)],
    ]
    for (const [what, make] of frames) {
      it(`is banned for ${what}`, async () => {
        const stranger = await Stranger.meet(victim)
        const session = await stranger.sync()
        session.stream.send(make())
        await untilBanned(stranger)
      })
    }

    it('is banned for requests without end whose answers it does not read', async () => {
      const stranger = await Stranger.meet(victim)
      const unread = async () => {
        const session = await stranger.sync()
        session.stream.pause()
        return session
      }
      const hashes = Array.from({ length: 16 }, () => randomBytes(32))
      const before = memoryBytes()
      let session = await unread()
      let id = 0
      await until('it is cut off', async () => {
        // A node that is slow to read may have given up the stream for want of a reader before it has counted enough.
        if (stranger.isConnected && session.stream.status !== 'open') session = await unread()
        for (let i = 0; stranger.isConnected && i < REQUESTS_AT_ONCE; i++)
          session.send({ type: 'getBlocks', id: ++id, hashes })
        return !stranger.isConnected
      })
      await untilBanned(stranger)
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
    })

    it('is banned for a transaction whose signatures were tampered with, twice', async () => {
      const stranger = await Stranger.meet(victim)
      const bodies = new Map<string, Uint8Array>()
      await stranger.sync((message, { send }) => {
        if (message.type !== 'getTransactions') return
        for (const hash of message.hashes) {
          const bytes = bodies.get(Buffer.from(hash).toString('hex'))
          send(
            bytes === undefined
              ? { type: 'notFound', id: message.id, hash }
              : { type: 'transaction', id: message.id, bytes },
          )
        }
      })
      await stranger.join('transactions')
      for (const amountSats of [100_000, 200_000]) {
        const bytes = hexToBytes((await signPayment(amountSats)).hex)
        // The last bytes are the witness's public key and the lock time: the signature stands before them.
        bytes[bytes.length - 50]! ^= 1
        const { wtxid } = parseTransaction(bytes)
        bodies.set(Buffer.from(wtxid).toString('hex'), bytes)
        await stranger.gossip('transactions', wtxid)
      }
      await untilBanned(stranger)
    })

    it('gets nowhere with transactions whose parents it keeps to itself', async () => {
      const stranger = await Stranger.meet(victim)
      const bodies = new Map<string, Uint8Array>()
      await stranger.sync((message, { send }) => {
        if (message.type !== 'getTransactions' && message.type !== 'getParents') return
        for (const hash of message.hashes) {
          const bytes = bodies.get(bytesKey(hash))
          const { id } = message
          send(bytes === undefined ? { type: 'notFound', id, hash } : { type: 'transaction', id, bytes })
        }
      })
      await stranger.join('transactions')
      const template = parseTransaction(hexToBytes((await signPayment(500_000)).hex))
      const before = memoryBytes()
      for (let i = 0; i < 30; i++) {
        const orphans = Array.from({ length: 100 }, () => orphanLike(template))
        for (const orphan of orphans) bodies.set(bytesKey(orphan.wtxid), serializeTransaction(orphan))
        await stranger.gossip('transactions', concatBytes(...orphans.map(({ wtxid }) => wtxid)))
      }
      const payment = await signPayment(600_000)
      await honest.call('sendrawtransaction', [payment.hex])
      await until('the node takes what others send', async () =>
        (await victim.call<string[]>('getrawmempool')).includes(payment.txid),
      )
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
      await assertBlameless(stranger)
    })

    it('is not blamed for relaying a double spend', async () => {
      const [first, second] = [await signPayment(300_000), await signPayment(400_000)]
      await victim.call('sendrawtransaction', [first.hex])
      const bytes = hexToBytes(second.hex)
      const stranger = await Stranger.meet(victim)
      const session = await stranger.sync((message, { send }) => {
        if (message.type === 'getTransactions') send({ type: 'transaction', id: message.id, bytes })
      })
      await stranger.join('transactions')
      await stranger.gossip('transactions', parseTransaction(bytes).wtxid)
      await until('the node has looked at it', () =>
        session.received.some(({ type }) => type === 'getTransactions'),
      )
      await until('the node has gone on', async () => {
        session.send({ type: 'getMempool', id: 7 })
        return session.received.some(({ type, id }) => type === 'mempool' && id === 7)
      })
      assert.deepEqual(await victim.call('getrawmempool'), [first.txid])
      await assertBlameless(stranger)
    })

    async function signPayment(amountSats: number): Promise<{ hex: string; txid: string }> {
      const [coin] = await victim.call<{ txid: string; vout: number }[]>('listunspent', [1])
      const inputs = [{ txid: coin!.txid, vout: coin!.vout }]
      return victim.call('wallet.signPayment', { address: DESTINATION, amountSats, inputs })
    }
  })

  describe('in the overlay', () => {
    it('is banned for what is no message', async () => {
      const stranger = await Stranger.meet(victim)
      sendFramed(await stranger.overlayStream(), randomBytes(64).fill(0xff))
      await untilBanned(stranger)
    })

    it('is banned for pointers in the name of others, and nobody finds them', async () => {
      const key = await generateKeyPair('Ed25519')
      const stranger = await Stranger.meet(victim, key)
      const keys = Array.from({ length: 24 }, () => contentKey(randomBytes(34)))
      const provider = (await generateKeyPair('Ed25519')).publicKey.toMultihash().bytes
      const pointers: Pointer[] = []
      for (const one of keys) {
        const unsigned = pointerTo(one, provider, 600)
        pointers.push({ ...unsigned, signature: await key.sign(pointerPayload(unsigned)) })
      }
      await stranger.tell({ type: 'store', request: 1, pointers })
      await untilBanned(stranger)
    })

    it('is banned for membership records in the name of others', async () => {
      const key = await generateKeyPair('Ed25519')
      const stranger = await Stranger.meet(victim, key)
      const forged: MemberRecord[] = []
      for (let i = 0; i < 5; i++) {
        const id = (await generateKeyPair('Ed25519')).publicKey.toMultihash().bytes
        forged.push(
          await signedRecord(key, { id, addresses: [], heartbeat: Date.now(), depth: 0, left: false }),
        )
      }
      const own = await signedRecord(key, recordOf(stranger, Date.now()))
      await stranger.tell({
        type: 'gossip',
        groups: Number(KELIPS_TESTNET.groups),
        sender: { record: own, ageMs: 0 },
        wantsReply: false,
        members: forged.map(record => ({ record, ageMs: 0 })),
        pointers: [],
      })
      await untilBanned(stranger)
    })

    it('is not blamed for what has expired, which is not taken over either', async () => {
      const key = await generateKeyPair('Ed25519')
      const stranger = await Stranger.meet(victim, key)
      const unsigned = pointerTo(contentKey(randomBytes(34)), stranger.libp2p.peerId.toMultihash().bytes, -60)
      const pointer = { ...unsigned, signature: await key.sign(pointerPayload(unsigned)) }
      const old = await signedRecord(key, recordOf(stranger, Date.now() - 3_600_000))
      const before = (await victim.status()).overlay
      await stranger.tell({
        type: 'gossip',
        groups: Number(KELIPS_TESTNET.groups),
        sender: { record: old, ageMs: 0 },
        wantsReply: false,
        members: [],
        pointers: [pointer],
      })
      const stored = Array.from({ length: 4 }, () => pointer)
      const stream = await stranger.tell({ type: 'store', request: 1, pointers: stored })
      await until('it was answered', async () => {
        for await (const answer of stream) return answer.byteLength > 0
        return false
      })
      assert.deepEqual((await victim.status()).overlay, before)
      await assertBlameless(stranger)
    })

    it('gets nowhere with a flood of messages', async () => {
      const stranger = await Stranger.meet(victim)
      const before = memoryBytes()
      const stream = await stranger.tell({ type: 'find', request: 1, key: randomBytes(32), limit: 1 })
      // An unknown field as padding: a message of 100 kB that costs its reader nothing but the reading.
      const padding = new ProtobufWriter()
        .varint(1, 6)
        .varint(2, 7)
        .bytes(8, randomBytes(32))
        .bytes(99, randomBytes(60_000))
      const frame = padding.toBytes()
      const flooding = concatBytes(framePrefix(frame.length), frame)
      const sent = await flood(stream, flooding, 64 * MIB, READING_PATIENCE_MS)
      assert.ok(sent >= 64 * MIB, 'the node reads all of it, and drops most')
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
    })

    function recordOf(stranger: Stranger, heartbeat: number): Omit<MemberRecord, 'signature'> {
      return {
        id: stranger.libp2p.peerId.toMultihash().bytes,
        addresses: [],
        heartbeat,
        depth: 0,
        left: false,
      }
    }

    function pointerTo(key: Uint8Array, provider: Uint8Array, lifetimeS: number): Omit<Pointer, 'signature'> {
      const nowS = Math.floor(Date.now() / 1000)
      return {
        version: 1,
        kind: 'content',
        key,
        provider,
        addresses: [],
        sequence: nowS,
        expiresAt: nowS + lifetimeS,
      }
    }
  })

  describe('in a swarm', () => {
    let infohash: Uint8Array
    let key: string

    before(async () => {
      const path = join(folder, 'shared.bin')
      writeFileSync(path, randomBytes(8 * MIB))
      const [item] = await victim.call<{ key: string }[]>('content.publish', { path })
      key = item!.key
      const parsed = cidToInfohash(key)
      assert.ok(parsed.ok)
      infohash = parsed.value
    })

    const handshake = () =>
      encodeHandshake({ infohash: infohash as never, peerId: randomBytes(20), extensions: true })

    it('is banned when it goes on saying what is no handshake', async () => {
      const stranger = await Stranger.meet(victim)
      for (let i = 0; i < 2; i++) (await stranger.swarmStream()).send(randomBytes(68))
      await untilBanned(stranger)
    })

    it('has points for a message of absurd length, and is served no more', async () => {
      const stranger = await Stranger.meet(victim)
      for (let i = 0; i < 2; i++) {
        const stream = await stranger.swarmStream()
        stream.addEventListener('message', () => {})
        stream.send(handshake())
        stream.send(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 7))
        await until('it is refused', () => stream.status !== 'open' || stream.remoteWriteStatus === 'closed')
      }
      assert.ok(((await peer(victim, stranger.peerId))?.score ?? 0) > 0)
    })

    it('gets nowhere with a flood of requests whose answers it does not read', async () => {
      const stranger = await Stranger.meet(victim)
      const stream = await stranger.swarmStream()
      const before = memoryBytes()
      stream.pause()
      stream.send(handshake())
      // "interested", then requests for blocks of the first piece.
      stream.send(Uint8Array.of(0, 0, 0, 1, 2))
      const request = Uint8Array.of(0, 0, 0, 13, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0)
      const requests = concatBytes(...Array.from({ length: 4_000 }, () => request))
      await flood(stream, requests, 4 * MIB)
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
    })

    it('keeps nobody from fetching with streams on which it says nothing', async () => {
      const stranger = await Stranger.meet(victim)
      for (let i = 0; i < 100; i++) await stranger.swarmStream()
      const output = join(folder, 'fetched.bin')
      const { path } = await honest.call<{ path: string }>('content.fetch', { key, output })
      assert.deepEqual(readFileSync(path), readFileSync(join(folder, 'shared.bin')))
    })
  })

  /** The last of all: the node remembers these headers. */
  describe('with headers without end', () => {
    it('does no harm with headers ahead of the tip whose blocks it has not got, however many', async () => {
      const stranger = await Stranger.meet(victim)
      const { time } = await victim.call<{ time: number }>('getblockheader', [
        (await victim.status()).bestBlock,
      ])
      const headers = manyHeadersOn({ hash: await tipHash(), time }, 3 * MAX_HEADERS_AHEAD)
      const places = new Map(headers.map((header, i) => [bytesKey(sha256d(header)), i + 1]))
      const before = memoryBytes()
      const session = await stranger.sync(
        (message, { send }) => {
          if (message.type !== 'getHeaders') return
          const known = message.hashes
            .map(hash => places.get(bytesKey(hash)))
            .find(place => place !== undefined)
          const answer = headers.slice(known ?? 0).slice(0, message.limit)
          send({ type: 'headers', id: message.id, headers: answer })
        },
        { bestHash: sha256d(headers.at(-1)!) },
      )
      const known = async () => (await victim.call<{ headers: number }>('getblockchaininfo')).headers
      await until('the node has heard enough', async () => (await known()) > MAX_HEADERS_AHEAD)
      await honest.call('generatetoaddress', [2, DESTINATION])
      await untilSynced([victim, honest])
      assert.ok((await known()) < MAX_HEADERS_AHEAD + 5_000)
      const questions = session.received.filter(({ type }) => type === 'getHeaders').length
      assert.ok(questions <= 6, `${questions} questions`)
      assert.ok(memoryBytes() - before < ALLOWED_GROWTH_BYTES, `grew by ${memoryBytes() - before} bytes`)
      await assertBlameless(stranger)
    })
  })
})
