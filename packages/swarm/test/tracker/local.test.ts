import assert from 'node:assert/strict'
import {
  encodeLocalMessage,
  LocalSchedule,
  MAX_LOCAL_INFOHASHES,
  MAX_LOCAL_TORRENTS,
  parseLocalMessage,
  toInfoHash,
} from '@onehop/swarm'
import fc from 'fast-check'
import { INFO_HASH } from './scene.ts'

const infohashOf = (n: number) =>
  toInfoHash(Uint8Array.from({ length: 20 }, (_, i) => (i < 2 ? (n >> (8 * i)) & 0xff : 1)))

describe('messages on the local network (BEP 14)', () => {
  it('say what the standard writes', () => {
    const bytes = encodeLocalMessage({ port: 6881, infohashes: [INFO_HASH], cookie: 'xyz' }, 4)
    const text = `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${'ab'.repeat(20)}\r\ncookie: xyz\r\n\r\n\r\n`
    assert.equal(Buffer.from(bytes).toString('latin1'), text)
  })

  it('are read back in both families, several torrents at once', () => {
    const message = { port: 1, infohashes: [infohashOf(1), infohashOf(2)], cookie: 'a' }
    for (const family of [4, 6] as const) {
      assert.deepEqual(parseLocalMessage(encodeLocalMessage(message, family)), { ok: true, value: message })
    }
  })

  it('of a stranger never throw, and bring no more than a message may hold', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => void parseLocalMessage(bytes)))
    assert.equal(parseLocalMessage(new Uint8Array(5000)).ok, false)
    const text = (lines: string[]) => Buffer.from(['BT-SEARCH * HTTP/1.1', ...lines].join('\r\n'))
    assert.equal(parseLocalMessage(text(['Port: 0'])).ok, false)
    assert.equal(parseLocalMessage(text(['Port: 65536'])).ok, false)
    const many = parseLocalMessage(text(['PORT:1', ...new Array(25).fill(`infohash:${'AB'.repeat(20)}`)]))
    assert.equal(many.ok && many.value.infohashes.length, MAX_LOCAL_INFOHASHES)
  })

  it('are sent for each torrent every five minutes, no more than one a minute', () => {
    const schedule = new LocalSchedule()
    for (let i = 0; i < 30; i++) schedule.add(infohashOf(i), 0)
    const sent: [number, number][] = []
    for (let nowMs = 0; nowMs <= 420_000; nowMs += 1000) {
      const count = schedule.take(nowMs).length
      if (count > 0) sent.push([nowMs / 1000, count])
    }
    assert.deepEqual(sent, [
      [0, 20],
      [6, 10],
      [300, 20],
      [360, 10],
    ])
  })

  it('tell of a new torrent within seconds, of a removed one no more, and of a bounded number', () => {
    const schedule = new LocalSchedule()
    schedule.add(infohashOf(1), 0)
    schedule.take(0)
    schedule.add(infohashOf(2), 1000)
    assert.equal(schedule.take(5000).length, 0)
    assert.deepEqual(schedule.take(6000), [infohashOf(2)])
    schedule.remove(infohashOf(1))
    schedule.remove(infohashOf(2))
    assert.equal(schedule.take(1e9).length, 0)
    for (let i = 0; i < MAX_LOCAL_TORRENTS + 5; i++) schedule.add(infohashOf(i), 0)
    assert.equal(schedule.has(infohashOf(MAX_LOCAL_TORRENTS)), false)
  })
})
