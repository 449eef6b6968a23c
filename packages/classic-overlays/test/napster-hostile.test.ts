import assert from 'node:assert/strict'
import {
  contentKey,
  type Key,
  type Outcome,
  type OverlayFactory,
  type PeerHandle,
  POINTER_VERSION,
  type Pointer,
  signPointer,
  wordKey,
} from '@onehop/overlay'
import { DecodeError, SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  NAPSTER_TESTNET,
  NapsterMachine,
  type NapsterMessage,
  napster,
  napsterCodec,
  napsterTables,
} from '../src/napster/index.ts'
import {
  MAX_FAVOURS_PER_SWEEP,
  MAX_POINTERS_PER_CLIENT,
  MAX_POINTERS_PER_KEY_AND_CLIENT,
  MAX_POINTERS_PER_UPLOAD,
  MAX_SERVERS,
  SEARCH_BURST,
} from '../src/napster/limits.ts'
import { NapsterTown } from './napster-town.ts'

const LIAR = 4

/** A pointer that a node signs for itself, whatever it says. */
function ownPointer(town: NapsterTown, node: number, key: Key, target?: Uint8Array): Pointer {
  const { simulation } = town
  const unsigned = {
    version: POINTER_VERSION,
    kind: target === undefined ? ('content' as const) : ('word' as const),
    key,
    ...(target === undefined ? {} : { target }),
    provider: simulation.node(node).id,
    addresses: [],
    sequence: simulation.clock.now(),
    expiresAt: Math.floor(simulation.clock.now() / 1000) + 1_000,
  }
  return signPointer(unsigned, payload => simulation.node(node).sign(payload))
}

/** The number of the session in which the node is logged in at the server. */
function sessionOf(town: NapsterTown, node: number, server = 0): number {
  const handle = town.simulation.node(server).meet(node)
  const found = [...town.machine(server).server!.sessions.entries()].find(([peer]) => peer === handle)
  return found![1].number
}

function upload(town: NapsterTown, from: number, pointers: readonly Pointer[]): void {
  const session = sessionOf(town, from)
  const message = { type: 'upload', request: 1, session, isMove: false, pointers } as const
  town.simulation.network.send(from, 0, message)
  town.run(100)
}

type Answer = (machine: NapsterMachine, from: PeerHandle, message: NapsterMessage) => boolean

/** A machine that answers as it likes; where `answer` returns false it is honest. */
function liar(answer: Answer): OverlayFactory<NapsterMessage> {
  const options = { ...NAPSTER_TESTNET, role: 'server' } as const
  return {
    ...napster(options),
    create: environment =>
      new (class extends NapsterMachine {
        override receive(from: PeerHandle, message: NapsterMessage): void {
          if (!answer(this, from, message)) super.receive(from, message)
        }
      })(environment, options),
  }
}

describe('hostile Napster nodes', () => {
  it('cannot upload what is another’s, forged or genuine', () => {
    const town = new NapsterTown(1, 4)
    const [genuine] = town.lookup(1, town.keys[2]!).pointers
    upload(town, LIAR, [{ ...ownPointer(town, LIAR, town.newKey()), provider: town.simulation.node(2).id }])
    upload(town, LIAR, [genuine!])
    assert.deepEqual([...town.expectBlamed([LIAR])], ['napster-wrong-provider'])
    const key = town.newKey()
    upload(town, LIAR, [{ ...ownPointer(town, LIAR, town.newKey()), key }])
    assert.ok(town.expectBlamed([LIAR]).has('forged-pointer'))
    assert.equal(town.lookup(1, key).failure, 'not found')
    town.expectFound([1, 2, 3])
  })

  it('cannot speak in another’s session, end it, or upload without one', () => {
    const town = new NapsterTown(1, 4)
    const session = sessionOf(town, 2)
    const key = town.newKey()
    const pointers = [ownPointer(town, LIAR, key)]
    const { network } = town.simulation
    network.send(LIAR, 0, { type: 'logout', session })
    network.send(LIAR, 0, { type: 'upload', request: 1, session, isMove: false, pointers })
    network.send(LIAR, 0, { type: 'upload', request: 1, session: 7, isMove: false, pointers })
    network.send(LIAR, 2, { type: 'closing', servers: [] })
    town.run(1_000)
    town.expectFound([1, 2, 3])
    assert.equal(town.lookup(1, key).failure, 'not found')
    assert.equal(town.inspect(2).phase, 'in')
  })

  it('cannot fill the list: not in all, not under one key, and others find room beside them', () => {
    const town = new NapsterTown(1, 4)
    const [popular, random] = [wordKey('holiday'), new SeededRandom(5)]
    for (let i = 0; i < 10; i++) {
      const batch = Array.from({ length: MAX_POINTERS_PER_UPLOAD }, () =>
        ownPointer(town, LIAR, popular, random.bytes(22)),
      )
      upload(town, LIAR, batch)
    }
    assert.equal(town.inspect(0).load, 5 + MAX_POINTERS_PER_KEY_AND_CLIENT)
    const publication = { kind: 'word', key: popular, target: random.bytes(22) } as const
    assert.equal(town.simulation.publish(1, publication).failure, undefined)
    for (let i = 0; i < MAX_POINTERS_PER_CLIENT / MAX_POINTERS_PER_UPLOAD + 2; i++)
      upload(
        town,
        LIAR,
        Array.from({ length: MAX_POINTERS_PER_UPLOAD }, () =>
          ownPointer(town, LIAR, contentKey(random.bytes(22))),
        ),
      )
    for (const { name, size, limit } of napsterTables(town.machine(0)))
      assert.ok(size <= limit, `${name}: ${size} of ${limit}`)
    assert.equal(town.publish(2).failure, undefined)
    town.expectFound([1, 2, 3])
  }).timeout(60_000)

  it('that log in again and again have one session each', () => {
    const town = new NapsterTown(1, 4)
    for (let session = 1; session < 500; session++)
      town.simulation.network.send(LIAR, 0, { type: 'login', request: session, session })
    for (let i = 0; i < 500; i++)
      town.simulation.network.send(LIAR, 0, {
        type: 'login',
        request: i,
        session: town.simulation.clock.now() + i,
      })
    town.run(1_000)
    assert.equal(town.inspect(0).clientCount, 4)
    town.expectFound([1, 2, 3])
  })

  it('cannot have the server search all the time, and others are answered beside them', () => {
    const town = new NapsterTown(1, 4)
    const random = new SeededRandom(5)
    for (const word of ['holiday', 'mp4'])
      for (let i = 0; i < MAX_POINTERS_PER_KEY_AND_CLIENT; i++)
        town.simulation.publish(1, { kind: 'word', key: wordKey(word), target: random.bytes(22) })
    let [found, refused] = [0, 0]
    town.simulation.network.onSend = (_from, to, message) => {
      if (to !== LIAR || message.type !== 'found') return
      if (message.silent > 0) refused++
      else found++
    }
    const words = ['holiday', 'mp4']
    for (let i = 0; i < 200; i++)
      town.simulation.network.send(LIAR, 0, {
        type: 'search',
        request: i,
        words,
        limit: 9,
        isForwarded: false,
      })
    town.run(100)
    assert.ok(
      found > 0 && found <= SEARCH_BURST / MAX_POINTERS_PER_KEY_AND_CLIENT / 2 + 1,
      `${found} searches`,
    )
    assert.equal(found + refused, 200)
    let outcome: Outcome | undefined
    town.machine(2).search(['mp4'], { limit: 5, deadlineMs: 5_000 }, result => {
      outcome = result
    })
    town.run(1_000)
    assert.equal(outcome?.failure, undefined)
    assert.ok((outcome?.pointers.length ?? 0) > 0)
  })

  it('cannot have hosts call a third, nor others without end', () => {
    const town = new NapsterTown(1, 4)
    const host = town.simulation.node(2).id
    const victim = { id: town.simulation.node(3).id, addresses: [] }
    const self = { id: town.simulation.node(LIAR).id, addresses: [] }
    let pings = 0
    town.simulation.network.onSend = (from, _to, { type }) => {
      if (from === 2 && type === 'ping') pings++
    }
    town.simulation.network.send(LIAR, 0, { type: 'call', token: 1, host, caller: victim })
    town.simulation.network.send(LIAR, 2, { type: 'call', token: 1, host, caller: self })
    town.run(100)
    assert.equal(pings, 0)
    assert.deepEqual([...town.expectBlamed([LIAR])], ['napster-wrong-caller'])
    for (let i = 0; i < 100; i++)
      town.simulation.network.send(LIAR, 0, { type: 'call', token: 1, host, caller: self })
    town.run(100)
    assert.ok(pings > 0 && pings <= MAX_FAVOURS_PER_SWEEP, `${pings} pings`)
  })

  it('cannot make a server greet the whole world', () => {
    const town = new NapsterTown(1, 4)
    const random = new SeededRandom(9)
    const dials = () => town.simulation.network.trafficOf(0).messagesSent
    const before = dials()
    for (let i = 0; i < 100; i++) {
      const servers = Array.from({ length: MAX_SERVERS }, () => ({
        id: random.bytes(38),
        addresses: [random.bytes(8)],
      }))
      town.simulation.network.send(LIAR, 0, { type: 'introduce', servers })
    }
    town.run(300)
    assert.ok(dials() - before <= 2 * MAX_SERVERS, `${dials() - before} messages`)
    town.run(10_000)
    assert.equal(town.inspect(0).servers.length, 0)
    assert.ok(town.simulation.node(0).handlesHeld <= 8, 'handles of nobody are held')
  })

  it('that link under another’s name are blamed, and not linked', () => {
    const town = new NapsterTown(1, 4)
    const self = { id: town.simulation.node(2).id, addresses: [] }
    town.simulation.network.send(LIAR, 0, { type: 'link', request: 1, self, clients: 0 })
    town.run(100)
    assert.deepEqual([...town.expectBlamed([LIAR])], ['napster-wrong-sender'])
    assert.equal(town.inspect(0).servers.length, 0)
  })

  it('as servers cannot forge answers, nor keep those of honest servers back', () => {
    let answered = 0
    const forges: Answer = ({ state }, from, message) => {
      if (message.type !== 'find') return false
      answered++
      const forged: Pointer = {
        version: POINTER_VERSION,
        kind: 'content',
        key: message.key,
        provider: state.environment.idOf(from),
        addresses: [],
        sequence: 1,
        expiresAt: state.nowS + 20,
        signature: new Uint8Array(64).fill(7),
      }
      const wrongKey = { ...forged, key: new Uint8Array(32) }
      const { request } = message
      const pointers = [forged, wrongKey]
      state.environment.send(from, {
        type: 'found',
        request,
        isKnown: true,
        silent: 0,
        isFromOther: false,
        pointers,
      })
      return true
    }
    const town = new NapsterTown(2, 4)
    const evil = town.simulation.addNode(liar(forges)).number
    town.simulation.join(evil, [0])
    town.run(3_000)
    town.expectFound([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    assert.equal(town.lookup(3, town.newKey()).failure, 'not found')
    assert.ok(answered > 0)
    assert.deepEqual([...town.expectBlamed([evil])].sort(), ['forged-pointer', 'napster-wrong-key'])
  })

  it('as servers that never answer make lookups slower, and nothing found is then said to be uncertain', () => {
    const silent: Answer = (_machine, _from, { type }) => type === 'find' || type === 'search'
    const town = new NapsterTown(1, 4)
    const evil = town.simulation.addNode(liar(silent)).number
    town.simulation.join(evil, [0])
    town.run(3_000)
    town.expectFound([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert.equal(town.lookup(1, town.newKey()).failure, 'timed out')
  })

  it('send any bytes and any messages to anybody, and nothing throws, hangs or grows', () => {
    const town = new NapsterTown(2, 4)
    const random = new SeededRandom(11)
    const samples = [
      napsterCodec.encode({ type: 'login', request: 1, session: 1 }),
      napsterCodec.encode({ type: 'search', request: 1, words: ['ab', 'cd'], limit: 9, isForwarded: false }),
      napsterCodec.encode({
        type: 'found',
        request: 1,
        isKnown: true,
        silent: 9,
        isFromOther: true,
        pointers: [],
      }),
      napsterCodec.encode({
        type: 'welcome',
        request: 1,
        accepted: true,
        isKnown: true,
        clients: 9,
        servers: [],
      }),
    ]
    for (let i = 0; i < 4_000; i++) {
      const bytes = Uint8Array.from(samples[i % samples.length]!)
      for (let change = 0; change < 3; change++)
        bytes[random.nextUint32() % bytes.length] = random.nextUint32()
      try {
        const message = napsterCodec.decode(bytes)
        town.simulation.node(i % 5).deliver(5, message)
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
      }
    }
    town.run(20_000)
    for (let node = 0; node < 6; node++)
      for (const { name, size, limit } of napsterTables(town.machine(node)))
        assert.ok(size <= limit, `${name}: ${size} of ${limit}`)
    town.expectFound([0, 1, 2, 3, 4])
  })
})
