import assert from 'node:assert/strict'
import {
  BLOCK_BYTES,
  encodeMessage,
  MAX_BITFIELDS,
  MAX_MESSAGES,
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
  OUR_UT_PEX_ID,
  type PeerKey,
  type WireMessage,
} from '@onehop/swarm'
import fc from 'fast-check'
import { makeContent, type VirtualPeer, VirtualSwarm } from './virtual-swarm.ts'

const PIECE = 4 * BLOCK_BYTES
const { content, info } = makeContent(10 * PIECE, PIECE)

/** A fetcher or a seeder, and a peer connected to it that says whatever it is told to. */
function scene(victimHasContent: boolean, abilities: { readonly fast?: boolean }) {
  const swarm = new VirtualSwarm(info)
  const victim = swarm.addPeer('victim', victimHasContent ? { content } : {})
  victim.machine.setFetching(!victimHasContent)
  const hostile = swarm.addPeer('hostile', abilities)
  const [key] = swarm.connect(hostile, victim)
  swarm.run(50)
  return { swarm, victim, hostile, key }
}

function codeAfter(
  victimHasContent: boolean,
  say: (hostile: VirtualPeer, key: PeerKey) => void,
  abilities: { readonly fast?: boolean } = {},
): string {
  const { swarm, victim, hostile, key } = scene(victimHasContent, abilities)
  say(hostile, key)
  swarm.run(500)
  const reason = victim.drops[0]?.reason
  return reason === undefined || reason.ok ? 'nothing' : `${reason.code} by ${reason.blame}`
}

const saying =
  (...messages: WireMessage[]) =>
  (hostile: VirtualPeer, key: PeerKey) => {
    for (const message of messages) hostile.send(key, message)
  }
const INTERESTED: WireMessage = { type: 'interested' }

describe('a hostile peer is dropped and blamed', () => {
  const cases: [string, boolean, ReturnType<typeof saying>, string][] = [
    ['for a have beyond the last piece', false, saying({ type: 'have', piece: 10 }), 'bad-have'],
    [
      'for a bitfield that is too short',
      false,
      saying({ type: 'bitfield', bits: new Uint8Array(1) }),
      'bad-bitfield',
    ],
    [
      'for a bitfield with bits beyond the last piece',
      false,
      saying({ type: 'bitfield', bits: Uint8Array.of(0, 1) }),
      'bad-bitfield',
    ],
    [
      'for a flood of bitfields',
      false,
      (hostile, key) => {
        for (let i = 0; i <= MAX_BITFIELDS; i++) {
          hostile.send(key, { type: 'bitfield', bits: new Uint8Array(2) })
        }
      },
      'too-many-bitfields',
    ],
    [
      'for an allowed fast piece that does not exist',
      false,
      saying({ type: 'allowedFast', piece: 10 }),
      'bad-allowed-fast',
    ],
    [
      'for peer exchange that is malformed',
      true,
      saying({ type: 'extended', id: OUR_UT_PEX_ID, payload: Uint8Array.of(1) }),
      'bad-pex-message',
    ],
    [
      'for a block of a piece that does not exist',
      false,
      saying({ type: 'piece', piece: 10, begin: 0, block: new Uint8Array(BLOCK_BYTES) }),
      'bad-block',
    ],
    [
      'for a block that is not where blocks are',
      false,
      saying({ type: 'piece', piece: 0, begin: 5, block: new Uint8Array(BLOCK_BYTES) }),
      'bad-block',
    ],
    [
      'for a block of a wrong length',
      false,
      saying({ type: 'piece', piece: 0, begin: 0, block: new Uint8Array(0) }),
      'bad-block',
    ],
    [
      'for sending much that nobody asked for',
      false,
      (hostile, key) => {
        for (let i = 0; i < 9; i++) {
          hostile.send(key, { type: 'piece', piece: i, begin: 0, block: new Uint8Array(BLOCK_BYTES) })
        }
      },
      'unrequested-block',
    ],
    [
      'for a request beyond the end of a piece',
      true,
      (hostile, key) => {
        hostile.send(key, INTERESTED)
        hostile.send(key, { type: 'request', piece: 0, begin: PIECE, length: 1 })
      },
      'bad-request',
    ],
    [
      'for a request of an absurd length',
      true,
      saying(INTERESTED, { type: 'request', piece: 0, begin: 0, length: MAX_REQUEST_BYTES + 1 }),
      'bad-request',
    ],
    [
      'for a request for nothing',
      true,
      saying(INTERESTED, { type: 'request', piece: 0, begin: 0, length: 0 }),
      'bad-request',
    ],
    [
      'for a flood of requests while it is choked',
      true,
      (hostile, key) => {
        for (let i = 0; i <= MAX_QUEUED_REQUESTS; i++) {
          hostile.send(key, { type: 'request', piece: 0, begin: 0, length: 1 })
        }
      },
      'too-many-requests',
    ],
    [
      'for a flood of requests when it is unchoked',
      true,
      (hostile, key) => {
        hostile.send(key, INTERESTED)
        const request = encodeMessage({ type: 'request', piece: 0, begin: 0, length: 1 })
        hostile.sendBytes(key, Buffer.concat(new Array<Uint8Array>(MAX_QUEUED_REQUESTS + 10).fill(request)))
      },
      'too-many-requests',
    ],
    [
      'for a flood of cancels of what it did not request',
      true,
      (hostile, key) => {
        const cancel = encodeMessage({ type: 'cancel', piece: 0, begin: 0, length: 1 })
        hostile.sendBytes(key, Buffer.concat(new Array<Uint8Array>(MAX_QUEUED_REQUESTS + 1).fill(cancel)))
      },
      'too-many-cancels',
    ],
    [
      'for a flood of messages that say nothing',
      true,
      (hostile, key) => {
        const keepAlive = encodeMessage({ type: 'keepAlive' })
        hostile.sendBytes(key, new Uint8Array(keepAlive.length * (MAX_MESSAGES + 1)))
      },
      'too-many-messages',
    ],
    [
      'for an extension handshake that is no dictionary',
      true,
      saying({ type: 'extended', id: 0, payload: Uint8Array.of(1) }),
      'bad-extension-handshake',
    ],
    [
      'for ut_metadata that is malformed',
      true,
      saying({ type: 'extended', id: 1, payload: Uint8Array.of(1) }),
      'bad-metadata-message',
    ],
    [
      'for a message of absurd length',
      true,
      (hostile, key) => hostile.sendBytes(key, Uint8Array.of(255, 255, 255, 255)),
      'message-too-long',
    ],
  ]
  for (const [what, victimHasContent, say, code] of cases) {
    it(what, () => assert.equal(codeAfter(victimHasContent, say), `${code} by sender`))
  }
})

describe('a peer that did not agree on the Fast extension is dropped and blamed', () => {
  const cases: WireMessage[] = [
    { type: 'haveAll' },
    { type: 'haveNone' },
    { type: 'suggest', piece: 0 },
    { type: 'allowedFast', piece: 0 },
    { type: 'reject', piece: 0, begin: 0, length: BLOCK_BYTES },
  ]
  for (const message of cases) {
    it(`for ${message.type}`, () => {
      assert.equal(codeAfter(false, saying(message), { fast: false }), 'fast-not-agreed by sender')
    })
  }

  it('for a request of a piece that we do not have', () => {
    const say = saying(INTERESTED, { type: 'request', piece: 0, begin: 0, length: 1 })
    assert.equal(codeAfter(false, say, { fast: false }), 'request-for-missing-piece by sender')
  })
})

describe('a peer that is only late or odd is not blamed', () => {
  it('when its request crosses our choke', () => {
    assert.equal(codeAfter(true, saying({ type: 'request', piece: 0, begin: 0, length: 1 })), 'nothing')
  })

  it('when it cancels what it did not request', () => {
    assert.equal(codeAfter(true, saying({ type: 'cancel', piece: 0, begin: 0, length: 1 })), 'nothing')
  })

  it('when it cancels all that it requests, for as long as it likes', () => {
    const range = { piece: 0, begin: 0, length: 1 }
    const pair = Buffer.concat([
      encodeMessage({ type: 'request', ...range }),
      encodeMessage({ type: 'cancel', ...range }),
    ])
    const say = (hostile: VirtualPeer, key: PeerKey) => {
      hostile.send(key, INTERESTED)
      for (let i = 0; i < 3 * MAX_QUEUED_REQUESTS; i++) hostile.sendBytes(key, pair)
    }
    assert.equal(codeAfter(true, say), 'nothing')
  })

  it('when it repeats itself', () => {
    const say = saying({ type: 'have', piece: 1 }, { type: 'have', piece: 1 }, INTERESTED, INTERESTED, {
      type: 'choke',
    })
    assert.equal(codeAfter(false, say), 'nothing')
  })

  it('when it agreed on the Fast extension and asks for a piece that we do not have: it is told so', () => {
    const request = { type: 'request', piece: 0, begin: 0, length: 1 } as const
    assert.equal(codeAfter(false, saying(INTERESTED, request)), 'nothing')
  })

  it('when it says again what it has, in other words', () => {
    const bits = Uint8Array.of(0xff, 0xc0)
    const say = saying({ type: 'haveNone' }, { type: 'bitfield', bits }, { type: 'haveAll' })
    assert.equal(codeAfter(false, say), 'nothing')
  })

  it('when it rejects, suggests or allows what means nothing to us', () => {
    const say = saying(
      { type: 'reject', piece: 99, begin: 5, length: 1 },
      { type: 'suggest', piece: 99 },
      { type: 'allowedFast', piece: 9 },
      { type: 'allowedFast', piece: 9 },
    )
    assert.equal(codeAfter(false, say), 'nothing')
  })

  it('when it speaks extensions that we do not know', () => {
    assert.equal(codeAfter(true, saying({ type: 'extended', id: 77, payload: Uint8Array.of(1) })), 'nothing')
  })

  it('when a block comes after it was cancelled', () => {
    const block = content.slice(0, BLOCK_BYTES)
    assert.equal(codeAfter(false, saying({ type: 'piece', piece: 0, begin: 0, block })), 'nothing')
  })
})

/** Well-formed messages that mean anything: pieces are few, so that some of it makes sense. */
const pieceIndex = fc.oneof(
  { weight: 8, arbitrary: fc.nat(10) },
  { weight: 1, arbitrary: fc.nat(0xffff_ffff) },
)
const begin = fc.oneof(
  fc.nat(4).map(block => block * BLOCK_BYTES),
  fc.nat(0xffff_ffff),
)
const length = fc.oneof(fc.constant(BLOCK_BYTES), fc.nat(200_000))
const blockRange = fc.record({ piece: pieceIndex, begin, length })
const hashRange = fc.record({
  piecesRoot: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  baseLayer: fc.nat(5),
  index: fc.nat(8),
  length: fc.nat(8),
  proofLayers: fc.nat(5),
})
const extensionPayload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(
    ...[
      'd1:md11:ut_metadatai3e6:ut_pexi4ee13:metadata_sizei9999e4:reqqi1e1:pi7e11:upload_onlyi1ee',
      'd1:md11:ut_metadatai0e6:ut_pexi0eee',
      'd8:msg_typei0e5:piecei0ee',
      'd8:msg_typei1e5:piecei0e10:total_sizei9eexxxxxxxxx',
      'd5:added12:abcdefghijkle',
    ].map(text => new TextEncoder().encode(text)),
  ),
)
const anyMessage: fc.Arbitrary<WireMessage> = fc.oneof(
  fc
    .constantFrom('keepAlive', 'choke', 'unchoke', 'interested', 'notInterested', 'haveAll', 'haveNone')
    .map(type => ({ type })),
  fc
    .tuple(fc.constantFrom('have', 'suggest', 'allowedFast'), pieceIndex)
    .map(([type, piece]) => ({ type, piece })),
  fc.tuple(fc.constantFrom('request', 'cancel', 'reject'), blockRange).map(([type, r]) => ({ type, ...r })),
  fc.constantFrom(2, 0, 3).map(bytes => ({ type: 'bitfield' as const, bits: new Uint8Array(bytes) })),
  fc.tuple(pieceIndex, begin, fc.constantFrom(BLOCK_BYTES, 0, 7)).map(([piece, at, bytes]) => ({
    type: 'piece' as const,
    piece,
    begin: at,
    block: new Uint8Array(bytes),
  })),
  fc.tuple(fc.nat(4), extensionPayload).map(([id, payload]) => ({ type: 'extended' as const, id, payload })),
  fc.tuple(fc.constantFrom('hashRequest', 'hashReject'), hashRange).map(([type, r]) => ({ type, ...r })),
  hashRange.map(r => ({ type: 'hashes' as const, ...r, hashes: new Uint8Array(64) })),
)

describe('a fetcher among peers who say anything', () => {
  it('completes, serves what it has, and bans nobody honest', () => {
    const speech = fc.array(fc.tuple(anyMessage, fc.nat(400)), { maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(speech, { minLength: 1, maxLength: 4 }),
        fc.integer(),
        fc.boolean(),
        (speeches, seed, knowsInfo) => {
          const swarm = new VirtualSwarm(info, { seed })
          const victim = swarm.addPeer('victim', { knowsInfo })
          const other = swarm.addPeer('other')
          for (const peer of [victim, other]) peer.machine.setFetching(true)
          for (const [i, speech] of speeches.entries()) {
            const hostile = swarm.addPeer(`hostile ${i}`, { isDeaf: true })
            const [key] = swarm.connect(hostile, victim)
            let atMs = 0
            for (const [message, pauseMs] of speech) {
              atMs += pauseMs
              swarm.after(atMs, () => hostile.send(key, message))
            }
          }
          swarm.connect(victim, swarm.addPeer('seeder', { content, uploadBytesPerMs: 100 }))
          swarm.connect(victim, other)
          assert.ok(swarm.runUntil(() => victim.isComplete && other.isComplete, 300_000))
          assert.ok(Buffer.compare(victim.stored, content) === 0)
          for (const { remotePeer, reason } of victim.drops) {
            assert.ok(reason.ok || remotePeer.startsWith('hostile'), JSON.stringify(reason))
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a fetcher survives anything on one connection', () => {
  it('and completes from another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }),
        fc.integer(),
        (garbage, seed) => {
          const swarm = new VirtualSwarm(info, { seed })
          const victim = swarm.addPeer('victim')
          victim.machine.setFetching(true)
          const hostile = swarm.addPeer('hostile')
          const [key] = swarm.connect(hostile, victim)
          for (const bytes of garbage) hostile.sendBytes(key, bytes)
          swarm.connect(victim, swarm.addPeer('seeder', { content }))
          assert.ok(swarm.runUntil(() => victim.isComplete))
        },
      ),
      { numRuns: 30 },
    )
  })
})
