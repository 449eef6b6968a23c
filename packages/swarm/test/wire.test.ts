import assert from 'node:assert/strict'
import { concatBytes, type Verdict } from '@onehop/primitives'
import {
  encodedMessageLength,
  encodeHandshake,
  encodeMessage,
  MAX_MESSAGE_BYTES,
  parseHandshake,
  startsLikeHandshake,
  toInfoHash,
  WireDecoder,
  type WireMessage,
} from '@onehop/swarm'
import fc from 'fast-check'

function encodeMessages(messages: readonly WireMessage[]): Uint8Array {
  return concatBytes(...messages.map(encodeMessage))
}

/** Puts everything that a decoder says back into messages. */
function collect(chunks: readonly Uint8Array[]): { messages: WireMessage[]; verdict: Verdict } {
  const messages: WireMessage[] = []
  let head = { piece: 0, begin: 0, length: 0 }
  let parts: Uint8Array[] = []
  const decoder = new WireDecoder({
    onMessage: message => messages.push(copyOf(message)),
    onBlockStart: (piece, begin, length) => {
      head = { piece, begin, length }
      parts = []
    },
    onBlockBytes: bytes => parts.push(bytes.slice()),
    onBlockEnd: () => {
      const block = new Uint8Array(Buffer.concat(parts))
      assert.equal(block.length, head.length)
      messages.push({ type: 'piece', piece: head.piece, begin: head.begin, block })
    },
  })
  let verdict: Verdict = { ok: true }
  for (const chunk of chunks) verdict = decoder.push(chunk)
  return { messages, verdict }
}

/** Views hold during the call only. */
function copyOf<M extends WireMessage>(message: M): M {
  if (message.type === 'bitfield') return { ...message, bits: message.bits.slice() }
  if (message.type === 'hashes')
    return { ...message, piecesRoot: message.piecesRoot.slice(), hashes: message.hashes.slice() }
  if (message.type === 'hashRequest' || message.type === 'hashReject')
    return { ...message, piecesRoot: message.piecesRoot.slice() }
  return message.type === 'extended' ? { ...message, payload: message.payload.slice() } : message
}

const uint32 = fc.nat(0xffff_ffff)
const range = fc.record({ piece: uint32, begin: uint32, length: uint32 })
const hashRange = fc.record({
  piecesRoot: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  baseLayer: uint32,
  index: uint32,
  length: uint32,
  proofLayers: uint32,
})
const EMPTY = ['keepAlive', 'choke', 'unchoke', 'interested', 'notInterested', 'haveAll', 'haveNone'] as const
const message: fc.Arbitrary<WireMessage> = fc.oneof(
  fc.constantFrom(...EMPTY).map(type => ({ type })),
  fc
    .tuple(fc.constantFrom('have', 'suggest', 'allowedFast'), uint32)
    .map(([type, piece]) => ({ type, piece })),
  range.map(r => ({ type: 'reject' as const, ...r })),
  fc.tuple(fc.constantFrom('hashRequest', 'hashReject'), hashRange).map(([type, r]) => ({ type, ...r })),
  fc
    .tuple(hashRange, fc.uint8Array({ maxLength: 200 }))
    .map(([r, hashes]) => ({ type: 'hashes' as const, ...r, hashes })),
  fc.uint8Array({ maxLength: 300 }).map(bits => ({ type: 'bitfield' as const, bits })),
  range.map(r => ({ type: 'request' as const, ...r })),
  range.map(r => ({ type: 'cancel' as const, ...r })),
  fc
    .record({ piece: uint32, begin: uint32, block: fc.uint8Array({ maxLength: 300 }) })
    .map(p => ({ type: 'piece' as const, ...p })),
  fc
    .record({ id: fc.nat(255), payload: fc.uint8Array({ maxLength: 300 }) })
    .map(e => ({ type: 'extended' as const, ...e })),
)

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...ends].map((start, i) => bytes.subarray(start, ends[i] ?? bytes.length))
}

describe('the peer wire', () => {
  it('reads back all messages, however the stream is cut up', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (sent, places) => {
          const { messages, verdict } = collect(cut(encodeMessages(sent), places))
          assert.equal(verdict.ok, true)
          assert.deepEqual(messages, sent)
        },
      ),
    )
  })

  it('reads back messages that come byte by byte', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), sent => {
        const bytes = encodeMessages(sent)
        assert.deepEqual(collect(Array.from(bytes, byte => Uint8Array.of(byte))).messages, sent)
      }),
    )
  })

  it('knows the length of a message without encoding it', () => {
    fc.assert(fc.property(message, m => assert.equal(encodedMessageLength(m), encodeMessage(m).length)))
  })

  it('has the bytes of BEP 3', () => {
    const hex = (m: WireMessage) => Buffer.from(encodeMessage(m)).toString('hex')
    assert.equal(hex({ type: 'keepAlive' }), '00000000')
    assert.equal(hex({ type: 'unchoke' }), '0000000101')
    assert.equal(hex({ type: 'have', piece: 258 }), '000000050400000102')
    assert.equal(hex({ type: 'bitfield', bits: Uint8Array.of(0x80) }), '000000020580')
    assert.equal(
      hex({ type: 'request', piece: 1, begin: 16384, length: 16384 }),
      '0000000d06000000010000400000004000',
    )
    assert.equal(
      hex({ type: 'piece', piece: 1, begin: 2, block: Uint8Array.of(3) }),
      '0000000a07000000010000000203',
    )
    assert.equal(hex({ type: 'extended', id: 0, payload: Uint8Array.of(9) }), '00000003140009')
  })

  it('has the bytes of BEP 6 and BEP 52', () => {
    const hex = (m: WireMessage) => Buffer.from(encodeMessage(m)).toString('hex')
    assert.equal(hex({ type: 'haveAll' }), '000000010e')
    assert.equal(hex({ type: 'haveNone' }), '000000010f')
    assert.equal(hex({ type: 'suggest', piece: 258 }), '000000050d00000102')
    assert.equal(hex({ type: 'allowedFast', piece: 258 }), '000000051100000102')
    assert.equal(
      hex({ type: 'reject', piece: 1, begin: 16384, length: 16384 }),
      '0000000d10000000010000400000004000',
    )
    const hashes = {
      piecesRoot: new Uint8Array(32).fill(0xab),
      baseLayer: 4,
      index: 2,
      length: 2,
      proofLayers: 7,
    }
    const fields = `${'ab'.repeat(32)}00000004000000020000000200000007`
    assert.equal(hex({ type: 'hashRequest', ...hashes }), `0000003115${fields}`)
    assert.equal(hex({ type: 'hashReject', ...hashes }), `0000003117${fields}`)
    assert.equal(hex({ type: 'hashes', ...hashes, hashes: Uint8Array.of(1, 2) }), `0000003316${fields}0102`)
  })

  it('skips messages that it does not know, without keeping them', () => {
    const unknown = Uint8Array.of(0, 0, 0, 5, 99, 1, 2, 3, 4)
    const port = Uint8Array.of(0, 0, 0, 3, 9, 1, 2)
    const known = encodeMessage({ type: 'choke' })
    for (const chunks of [[unknown, port, known], [Buffer.concat([unknown, port, known])]]) {
      const { messages, verdict } = collect(chunks)
      assert.equal(verdict.ok, true)
      assert.deepEqual(messages, [{ type: 'choke' }])
    }
  })

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), chunks => {
        collect(chunks)
      }),
    )
  })

  const refusals: [string, number[]][] = [
    ['a message of 4 GiB', [0xff, 0xff, 0xff, 0xff]],
    ['a message beyond the limit', [0, (MAX_MESSAGE_BYTES >> 16) + 1, 0, 0]],
    ['a choke with a body', [0, 0, 0, 2, 0, 0]],
    ['a have without a piece', [0, 0, 0, 1, 4]],
    ['a have that is too long', [0, 0, 0, 6, 4, 0, 0, 0, 0, 0]],
    ['a request that is too short', [0, 0, 0, 12, 6]],
    ['a piece without its head', [0, 0, 0, 8, 7]],
    ['an extended message without a number', [0, 0, 0, 1, 20]],
    ['a have all with a body', [0, 0, 0, 2, 14, 0]],
    ['a reject that is too short', [0, 0, 0, 12, 16]],
    ['a suggestion of nothing', [0, 0, 0, 1, 13]],
    ['a request for hashes that is too long', [0, 0, 0, 50, 21]],
    ['hashes without a head', [0, 0, 0, 48, 22]],
  ]
  for (const [what, bytes] of refusals) {
    it(`refuses ${what}, and everything after it`, () => {
      const { messages, verdict } = collect([Uint8Array.from(bytes), encodeMessage({ type: 'choke' })])
      assert.equal(verdict.ok, false)
      assert.deepEqual(messages, [])
    })
  }

  it('says nothing more once it is stopped, even in the middle of a chunk', () => {
    const seen: string[] = []
    const decoder: WireDecoder = new WireDecoder({
      onMessage: m => {
        seen.push(m.type)
        decoder.stop()
      },
      onBlockStart: () => {},
      onBlockBytes: () => {},
      onBlockEnd: () => {},
    })
    decoder.push(encodeMessages([{ type: 'choke' }, { type: 'unchoke' }]))
    assert.deepEqual(seen, ['choke'])
  })
})

describe('the handshake', () => {
  const handshake = {
    infohash: toInfoHash(new Uint8Array(20).fill(1)),
    peerId: new Uint8Array(20).fill(2),
    extensions: true,
  }

  it('has the 68 bytes of BEP 3 with the bits of BEP 10, 6 and 52', () => {
    const expected = (reserved: string) =>
      `13${Buffer.from('BitTorrent protocol').toString('hex')}${reserved}${'01'.repeat(20)}${'02'.repeat(20)}`
    for (const [abilities, reserved] of [
      [{ extensions: true, fast: false, v2: false }, '0000000000100000'],
      [{ extensions: false, fast: true, v2: false }, '0000000000000004'],
      [{ extensions: true, fast: true, v2: true }, '0000000000100014'],
    ] as const) {
      const bytes = encodeHandshake({ ...handshake, ...abilities })
      assert.equal(Buffer.from(bytes).toString('hex'), expected(reserved))
      assert.deepEqual(parseHandshake(bytes), { ...handshake, ...abilities })
    }
  })

  it('takes any reserved bits', () => {
    const bytes = encodeHandshake({ ...handshake, extensions: false }).fill(0xef, 20, 28)
    assert.equal(parseHandshake(bytes).extensions, false)
  })

  it('knows a stranger by its first byte', () => {
    const bytes = encodeHandshake(handshake)
    assert.equal(startsLikeHandshake(bytes.subarray(0, 5)), true)
    assert.equal(startsLikeHandshake(Uint8Array.of(0x16)), false)
    assert.equal(startsLikeHandshake(Buffer.from('\u0013BitTorrent pr0tocol', 'latin1')), false)
  })
})
