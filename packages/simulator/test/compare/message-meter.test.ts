import assert from 'node:assert/strict'
import type { MessagePurpose, OverlayFactory } from '@onehop/overlay'
import { MessageMeter, trafficBetween } from '../../src/compare/message-meter.ts'

interface Tagged {
  readonly purpose: MessagePurpose
  readonly pointers?: readonly object[]
  readonly pointer?: object
}

const FACTORY = { purposeOf: ({ purpose }: Tagged) => purpose } as unknown as OverlayFactory<unknown>
const POINTER = { provider: new Uint8Array(1), signature: new Uint8Array(64) }

describe('the meter of messages', () => {
  it('counts messages, their bytes and the dials that they needed by their purpose', () => {
    const meter = new MessageMeter(FACTORY)
    const before = meter.read()
    meter.onMessage(0, 1, { purpose: 'lookup' }, 100)
    meter.onDial(0, 1, 4_000)
    meter.onMessage(1, 0, { purpose: 'lookup' }, 50)
    meter.onMessage(1, 2, { purpose: 'maintenance' }, 10)
    const { by } = trafficBetween(before, meter.read())
    assert.deepEqual(by.lookup, { messages: 2, bytes: 150, dialBytes: 4_000 })
    assert.deepEqual(by.maintenance, { messages: 1, bytes: 10, dialBytes: 0 })
    assert.deepEqual(by.join, { messages: 0, bytes: 0, dialBytes: 0 })
  })

  it('counts pointers in messages of joins only', () => {
    const meter = new MessageMeter(FACTORY)
    meter.onMessage(0, 1, { purpose: 'join', pointers: [POINTER, POINTER] }, 1)
    meter.onMessage(0, 1, { purpose: 'join', pointer: POINTER }, 1)
    meter.onMessage(0, 1, { purpose: 'join', pointers: [] }, 1)
    meter.onMessage(0, 1, { purpose: 'publication', pointers: [POINTER] }, 1)
    assert.equal(meter.read().pointersMoved, 3)
  })

  it('knows how many messages of lookups each node gets, however many nodes there are', () => {
    const meter = new MessageMeter(FACTORY)
    for (const node of [3, 3, 5_000]) meter.onMessage(0, node, { purpose: 'lookup' }, 1)
    meter.onMessage(0, 3, { purpose: 'maintenance' }, 1)
    assert.deepEqual([meter.lookupLoad[3], meter.lookupLoad[5_000], meter.lookupLoad[4]], [2, 1, 0])
  })
})
