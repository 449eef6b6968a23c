import assert from 'node:assert/strict'
import type { Connection, Stream } from '@libp2p/interface'
import { openStreamOn } from '../src/index.ts'

const PROTOCOL = '/test/1'

/** A connection that counts the streams asked of it. */
function fakeConnection(answer: () => Promise<Stream>) {
  const asked: string[] = []
  const newStream = (protocol: string) => {
    asked.push(protocol)
    return answer()
  }
  return { asked, connection: { newStream } as unknown as Connection }
}

describe('a stream', () => {
  const stream = {} as Stream
  const { signal } = new AbortController()

  it('is not asked for in the turn in which the connection may be ending', async () => {
    const { asked, connection } = fakeConnection(() => Promise.resolve(stream))
    const opening = openStreamOn(connection, PROTOCOL, signal)
    for (let i = 0; i < 10; i++) await Promise.resolve()
    assert.deepEqual(asked, [])
    assert.equal(await opening, stream)
    assert.deepEqual(asked, [PROTOCOL])
  })

  it('is not asked for any more when the signal has aborted meanwhile', async () => {
    const { asked, connection } = fakeConnection(() => Promise.resolve(stream))
    const aborting = new AbortController()
    const opening = openStreamOn(connection, PROTOCOL, aborting.signal)
    aborting.abort(new Error('enough'))
    await assert.rejects(opening, /enough/)
    assert.deepEqual(asked, [])
  })

  it('that is refused with an event, as libp2p sometimes does, is refused with an error', async () => {
    const { connection } = fakeConnection(() => Promise.reject(new Event('close')))
    await assert.rejects(openStreamOn(connection, PROTOCOL, signal), { name: 'ConnectionClosedError' })
  })
})
