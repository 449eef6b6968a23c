import assert from 'node:assert/strict'
import { DecodeError, SeededRandom } from '@onehop/primitives'
import { Bitfield, PiecePicker, RANDOM_FIRST_PIECES } from '@onehop/swarm'
import fc from 'fast-check'

describe('a bitfield', () => {
  it('has the first piece in the highest bit, as BEP 3 has it', () => {
    const field = new Bitfield(10)
    field.set(0)
    field.set(9)
    assert.deepEqual(field.toBytes(), Uint8Array.of(0x80, 0x40))
    assert.equal(field.count, 2)
  })

  it('reads back what it wrote, and counts what is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 70 }), bits => {
        const field = new Bitfield(bits.length)
        for (const [piece, isSet] of bits.entries()) if (isSet) field.set(piece)
        const read = Bitfield.parse(field.toBytes(), bits.length)
        assert.deepEqual(
          bits.map((_, piece) => read.has(piece)),
          bits,
        )
        assert.equal(read.count, bits.filter(Boolean).length)
      }),
    )
  })

  it('refuses a wrong length and bits beyond the last piece', () => {
    assert.throws(() => Bitfield.parse(new Uint8Array(1), 9), DecodeError)
    assert.throws(() => Bitfield.parse(new Uint8Array(3), 9), DecodeError)
    assert.throws(() => Bitfield.parse(Uint8Array.of(0, 0x40), 9), DecodeError)
  })

  it('ignores pieces that do not exist', () => {
    const field = new Bitfield(3)
    assert.equal(field.set(3), false)
    assert.equal(field.has(1000), false)
    assert.equal(field.count, 0)
  })
})

describe('the piece picker', () => {
  const pieces = 40

  it('takes the rarest first, once it has begun', () => {
    const random = new SeededRandom(1)
    const picker = new PiecePicker(new Bitfield(pieces), random.next)
    for (let piece = 0; piece < pieces; piece++) {
      for (let peer = 0; peer < (piece * 7) % 5; peer++) picker.addHave(piece)
    }
    const all = Bitfield.full(pieces)
    for (let i = 0; i < RANDOM_FIRST_PIECES; i++) picker.take(all)
    const taken: number[] = []
    for (let piece = picker.take(all); piece !== undefined; piece = picker.take(all)) {
      taken.push(picker.availabilityOf(piece))
    }
    assert.deepEqual(
      taken,
      [...taken].sort((a, b) => a - b),
    )
    assert.equal(taken.length, pieces - RANDOM_FIRST_PIECES)
  })

  it('takes different first pieces for different seeds', () => {
    const firsts = new Set<number | undefined>()
    for (let seed = 0; seed < 10; seed++) {
      firsts.add(
        new PiecePicker(new Bitfield(pieces), new SeededRandom(seed).next).take(Bitfield.full(pieces)),
      )
    }
    assert.ok(firsts.size > 3)
  })

  it('takes the highest priority first, in order or the rarest, whoever asks and however few pieces he has', () => {
    const count = 600
    const rank = fc.array(fc.nat(3), { minLength: count, maxLength: count })
    const few = fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        rank,
        fc.array(few, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (ranks, holders, isSequential) => {
          const started = new Bitfield(count)
          for (let piece = 0; piece < RANDOM_FIRST_PIECES; piece++) started.set(piece)
          const picker = new PiecePicker(started, new SeededRandom(1).next)
          picker.setRanks(Uint8Array.from(ranks), piece => !started.has(piece))
          picker.isSequential = isSequential
          for (const pieces of holders) for (const piece of pieces) picker.addHave(piece)
          const taken = new Set<number>()
          for (const pieces of holders) {
            const has = new Bitfield(count)
            for (const piece of pieces) has.set(piece)
            const open = pieces.filter(piece => !started.has(piece) && !taken.has(piece) && ranks[piece]! > 0)
            const piece = picker.take(has)
            if (open.length === 0) {
              assert.equal(piece, undefined)
              continue
            }
            taken.add(piece!)
            const best = open.filter(one => ranks[one] === Math.max(...open.map(other => ranks[other]!)))
            assert.ok(best.includes(piece!))
            const of = (one: number) => (isSequential ? one : picker.availabilityOf(one))
            assert.equal(of(piece!), Math.min(...best.map(of)))
          }
        },
      ),
    )
  })

  it('still takes one of the rarest when whole bitfields come and go in between', () => {
    const count = 700
    const field = fc.array(fc.boolean(), { minLength: count, maxLength: count }).map(bits => {
      const has = new Bitfield(count)
      for (const [piece, isSet] of bits.entries()) if (isSet) has.set(piece)
      return has
    })
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), fc.integer(), (fields, seed) => {
        const started = new Bitfield(count)
        for (let piece = 0; piece < RANDOM_FIRST_PIECES; piece++) started.set(piece)
        const picker = new PiecePicker(started, new SeededRandom(seed).next)
        const all = Bitfield.full(count)
        const open = new Set(Array.from({ length: count }, (_, piece) => piece).filter(p => !started.has(p)))
        const takeOne = () => {
          const piece = picker.take(all)!
          const rarest = Math.min(...[...open].map(other => picker.availabilityOf(other)))
          assert.equal(picker.availabilityOf(piece), rarest)
          assert.ok(open.delete(piece))
          assert.equal(picker.size, open.size)
        }
        for (const has of fields) {
          picker.addHaves([...has.members()])
          takeOne()
          picker.addHave(seed & 0xff)
          takeOne()
        }
        for (const has of fields) {
          picker.removePeer(has)
          takeOne()
        }
      }),
      { numRuns: 20 },
    )
  })

  it('gives what was refused to others only', () => {
    const picker = new PiecePicker(new Bitfield(3), new SeededRandom(1).next)
    const all = Bitfield.full(3)
    assert.equal(picker.take(all, new Set([0, 2])), 1)
    assert.equal(picker.take(all, new Set([0, 2])), undefined)
  })

  it('has no candidates that cannot be verified, until they can', () => {
    const picker = new PiecePicker(new Bitfield(4), new SeededRandom(1).next)
    picker.setAskable(
      piece => piece >= 2,
      () => true,
    )
    assert.equal(picker.size, 2)
    const before = picker.changes
    picker.setAskable(
      () => true,
      () => true,
    )
    assert.equal(picker.size, 4)
    assert.ok(picker.changes > before)
  })

  it('keeps its order whatever happens: it always takes one of the rarest that the peer has', () => {
    const step = fc.record({
      kind: fc.constantFrom('have', 'gone', 'take', 'putBack'),
      piece: fc.nat(pieces - 1),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (steps, seed) => {
        const started = new Bitfield(pieces)
        for (let piece = 0; piece < RANDOM_FIRST_PIECES; piece++) started.set(piece)
        const picker = new PiecePicker(started, new SeededRandom(seed).next)
        const candidates = new Set(Array.from({ length: pieces }, (_, p) => p).filter(p => !started.has(p)))
        const availability = new Array<number>(pieces).fill(0)
        for (const { kind, piece } of steps) {
          if (kind === 'have') {
            picker.addHave(piece)
            availability[piece]!++
          } else if (kind === 'gone' && availability[piece]! > 0) {
            const has = new Bitfield(pieces)
            has.set(piece)
            picker.removePeer(has)
            availability[piece]!--
          } else if (kind === 'take') {
            const taken = picker.take(Bitfield.full(pieces))
            if (candidates.size === 0) assert.equal(taken, undefined)
            else {
              assert.equal(availability[taken!], Math.min(...[...candidates].map(p => availability[p]!)))
              assert.ok(candidates.delete(taken!))
            }
          } else if (kind === 'putBack') {
            picker.putBack(piece)
            candidates.add(piece)
          }
          assert.equal(picker.size, candidates.size)
        }
      }),
    )
  })
})
