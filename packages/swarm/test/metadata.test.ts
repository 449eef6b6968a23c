import assert from 'node:assert/strict'
import { sha1 } from '@onehop/primitives'
import {
  type Bencoded,
  encodeBencode,
  encodeExtensionHandshake,
  encodeMetadataMessage,
  METADATA_SERVINGS_PER_PEER,
  METADATA_TIMEOUT_MS,
  type MetadataMessage,
  OUR_UT_METADATA_ID,
  parseExtensionHandshake,
  parseMetadataMessage,
  type TorrentInfo,
  toInfoHash,
  type WireMessage,
} from '@onehop/swarm'
import fc from 'fast-check'
import { makeContent, VirtualSwarm } from './virtual-swarm.ts'

/** Pieces of 1 KiB, so that the info dictionary takes several parts. */
const { content, info } = makeContent(2_000_000, 1024)

function fetcherIn(swarm: VirtualSwarm) {
  const peer = swarm.addPeer('fetcher', { knowsInfo: false })
  peer.machine.setFetching(true)
  return peer
}

/** Changes what a provider says in ut_metadata. */
function changing(change: (message: MetadataMessage) => MetadataMessage | undefined) {
  return (message: WireMessage): WireMessage | undefined => {
    if (message.type !== 'extended' || message.id !== OUR_UT_METADATA_ID) return message
    const parsed = parseMetadataMessage(message.payload)
    assert.ok(parsed.ok && parsed.value)
    const changed = change(parsed.value)
    return changed && { ...message, payload: encodeMetadataMessage(changed) }
  }
}

const corrupting = changing(message =>
  message.type === 'data' ? { ...message, data: message.data.map(byte => byte ^ 1) } : message,
)
const silent = changing(() => undefined)
const rejecting = changing(({ piece }) => ({ type: 'reject', piece }))

describe('fetching the info dictionary', () => {
  it('takes it in parts of 16 KiB', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    swarm.connect(peer, swarm.addPeer('seeder', { content }))
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assert.deepEqual(peer.machine.info!.bytes, info.bytes)
  })

  it('blames the one who sent a wrong one, and takes it from another', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    swarm.connect(peer, swarm.addPeer('liar', { content, tamper: corrupting }))
    swarm.connect(peer, swarm.addPeer('honest', { content, uploadBytesPerMs: 10 }))
    assert.ok(swarm.runUntil(() => peer.machine.info !== undefined))
    swarm.run(1000)
    for (const { remotePeer, reason } of peer.drops) {
      assert.equal(remotePeer, 'liar')
      assert.equal(reason.ok ? '' : reason.code, 'corrupt-metadata')
    }
    assert.equal(peer.machine.isBanned('honest'), false)
  })

  it('bans a lone liar', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    swarm.connect(peer, swarm.addPeer('liar', { content, tamper: corrupting }))
    swarm.run(5000)
    assert.equal(peer.machine.isBanned('liar'), true)
    assert.equal(peer.machine.info, undefined)
  })

  for (const [what, tamper] of [
    ['do not answer', silent],
    ['say no', rejecting],
  ] as const) {
    it(`passes over those who ${what}`, () => {
      const swarm = new VirtualSwarm(info)
      const peer = fetcherIn(swarm)
      for (let i = 0; i < 4; i++) swarm.connect(peer, swarm.addPeer(`bad ${i}`, { content, tamper }))
      swarm.connect(peer, swarm.addPeer('good', { content }))
      assert.ok(swarm.runUntil(() => peer.machine.info !== undefined, 3 * METADATA_TIMEOUT_MS))
    })
  }

  it('is not held up by those who trickle it', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    const lastMs = new Map<string, number>()
    // One part each 9 s: never silent for long enough to be passed over.
    const trickling = (name: string) =>
      changing(message => {
        if (message.type !== 'data') return message
        if (swarm.nowMs - (lastMs.get(name) ?? 0) < 9000) return undefined
        lastMs.set(name, swarm.nowMs)
        return message
      })
    for (let i = 0; i < 6; i++) {
      swarm.connect(peer, swarm.addPeer(`bad ${i}`, { content, tamper: trickling(`bad ${i}`) }))
    }
    swarm.connect(peer, swarm.addPeer('good', { content }))
    assert.ok(swarm.runUntil(() => peer.machine.info !== undefined, 60_000))
  })

  it('does not ask one who has turned the extension off', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    const off = (message: WireMessage): WireMessage =>
      message.type === 'extended' && message.id === 0
        ? { ...message, payload: Buffer.from('d1:md11:ut_metadatai0ee13:metadata_sizei40000ee') }
        : message
    swarm.connect(peer, swarm.addPeer('without', { content, tamper: off }))
    swarm.run(5000)
    assert.equal(peer.sent.get('extended'), 1)
  })

  it('does not believe in a dictionary of absurd size', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    const absurd = (message: WireMessage): WireMessage =>
      message.type === 'extended' && message.id === 0
        ? {
            ...message,
            payload: encodeExtensionHandshake({
              metadataSize: 2 ** 40,
              exchangesPeers: true,
              isUploadOnly: false,
            }),
          }
        : message
    swarm.connect(peer, swarm.addPeer('absurd', { content, tamper: absurd }))
    swarm.run(1000)
    assert.equal(
      [...peer.sent].some(([type, count]) => type === 'extended' && count > 1),
      false,
    )
  })

  it('says so when the genuine dictionary has a name that would leave the folder', () => {
    const evil = encodeBencode(
      new Map<string, Bencoded>([
        ['length', 1],
        ['name', Buffer.from('../../evil')],
        ['piece length', 16384],
        ['pieces', new Uint8Array(20)],
      ]),
    )
    const evilInfo: TorrentInfo = { ...info, bytes: evil, infohash: toInfoHash(sha1(evil)) }
    const swarm = new VirtualSwarm(evilInfo)
    const peer = fetcherIn(swarm)
    swarm.connect(peer, swarm.addPeer('publisher', { content: content.subarray(0, 1) }))
    assert.ok(swarm.runUntil(() => peer.refusal !== undefined))
    assert.match(peer.refusal!.detail!, /path separator/)
    assert.equal(peer.machine.isBanned('publisher'), false)
  })

  it('is served a few times only to each peer', () => {
    const swarm = new VirtualSwarm(info)
    const seeder = swarm.addPeer('seeder', { content })
    const greedy = swarm.addPeer('greedy', { knowsInfo: false })
    const [key] = swarm.connect(greedy, seeder)
    swarm.run(100)
    const request = { type: 'request', piece: 0 } as const
    for (let i = 0; i <= METADATA_SERVINGS_PER_PEER * 16; i++) {
      greedy.send(key, { type: 'extended', id: OUR_UT_METADATA_ID, payload: encodeMetadataMessage(request) })
    }
    swarm.run(1000)
    assert.equal(seeder.machine.isBanned('greedy'), true)
  })
})

describe('extension messages', () => {
  it('are answered with a result on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        parseExtensionHandshake(bytes)
        parseMetadataMessage(bytes)
      }),
    )
  })

  it('carry our numbers as BEP 9 and 10 have them', () => {
    const handshake = encodeExtensionHandshake({
      metadataSize: 31235,
      exchangesPeers: true,
      listenPort: 6881,
      yourHost: '97.98.99.100',
      isUploadOnly: true,
    })
    assert.equal(
      Buffer.from(handshake).toString('latin1'),
      'd1:md11:ut_metadatai1e6:ut_pexi2ee13:metadata_sizei31235e1:pi6881e4:reqqi2048e11:upload_onlyi1e1:v10:onehop 0.16:yourip4:abcde',
    )
    assert.deepEqual(parseExtensionHandshake(handshake), {
      ok: true,
      value: {
        utMetadataId: 1,
        utPexId: 2,
        metadataSize: 31235,
        requestQueue: 2048,
        client: 'onehop 0.1',
        listenPort: 6881,
        isUploadOnly: true,
      },
    })
    const data = { type: 'data', piece: 0, totalSize: 3425, data: Uint8Array.of(120) } as const
    assert.equal(
      Buffer.from(encodeMetadataMessage(data)).toString('latin1'),
      'd8:msg_typei1e5:piecei0e10:total_sizei3425eex',
    )
    assert.deepEqual(parseMetadataMessage(encodeMetadataMessage(data)), { ok: true, value: data })
  })

  it('ignore fields of a wrong type, and types of messages from the future', () => {
    assert.deepEqual(parseExtensionHandshake(Buffer.from('d1:mi1e13:metadata_size1:x4:reqqi-5ee')), {
      ok: true,
      value: {},
    })
    assert.deepEqual(parseMetadataMessage(Buffer.from('d8:msg_typei9e5:piecei0ee')), {
      ok: true,
      value: undefined,
    })
  })
})
