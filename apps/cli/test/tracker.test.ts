import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { runCli } from './support/run-cli.ts'

const LAUNCHER = join(import.meta.dirname, '../bin/onehop.js')

describe('onehop tracker', () => {
  it('says where it listens, serves over HTTP, and ends with 0 when it is asked to', async () => {
    const { view, stop } = await startTracker('--host', '127.0.0.1')
    const { port, announceUrls } = view
    assert.deepEqual(announceUrls, [`http://127.0.0.1:${port}/announce`, `udp://127.0.0.1:${port}/announce`])
    assert.match(await (await fetch(announceUrls[0]!)).text(), /failure reason/)
    assert.equal(await stop(), 0)
  })

  it('serves the infohashes that it is given and no others, those of version 2 by their beginning', async () => {
    const { view, stop } = await startTracker('--host', '127.0.0.1', '--only', 'ab'.repeat(32))
    const announce = async (byte: string) => {
      const who = `peer_id=${'p'.repeat(20)}&port=7&uploaded=0&downloaded=0&left=1&compact=1`
      return (await fetch(`${view.announceUrls[0]}?info_hash=${`%${byte}`.repeat(20)}&${who}`)).text()
    }
    assert.match(await announce('ab'), /8:interval/)
    assert.match(await announce('cd'), /does not serve this torrent/)
    await stop()
  })

  it('refuses an infohash that is none, and an address of another machine, in one sentence', async () => {
    const bad = await runCli(['tracker', '--only', 'x'])
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /40 or 64 hexadecimal digits/)
    const elsewhere = await runCli(['tracker', '--port', '0', '--host', '192.0.2.99'])
    assert.equal(elsewhere.code, 1)
    assert.match(elsewhere.stderr, /no address of this machine/)
  })
})

interface TrackerView {
  readonly port: number
  readonly announceUrls: readonly string[]
}

/** A tracker on any free port. @returns what it says, and what ends it, with its exit code. */
async function startTracker(...args: string[]) {
  const child = spawn(process.execPath, [LAUNCHER, 'tracker', '--port', '0', '--json', ...args])
  const ended = once(child, 'close')
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += chunk
    if (printed.trimEnd().endsWith('}')) break
  }
  const stop = async () => {
    child.kill('SIGINT')
    const [code] = (await ended) as [number | null]
    return code
  }
  return { view: JSON.parse(printed) as TrackerView, stop }
}
