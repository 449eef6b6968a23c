import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { runCli } from './support/run-cli.ts'

const LAUNCHER = join(import.meta.dirname, '../bin/onehop.js')

describe('onehop tracker', () => {
  it('says where it listens, serves over HTTP, and ends with 0 when it is asked to', async () => {
    const child = spawn(process.execPath, [
      LAUNCHER,
      'tracker',
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--json',
    ])
    const ended = once(child, 'close')
    let printed = ''
    for await (const chunk of child.stdout) {
      printed += chunk
      if (printed.trimEnd().endsWith('}')) break
    }
    const { port, announceUrls } = JSON.parse(printed) as { port: number; announceUrls: string[] }
    assert.deepEqual(announceUrls, [`http://127.0.0.1:${port}/announce`, `udp://127.0.0.1:${port}/announce`])
    assert.match(await (await fetch(announceUrls[0]!)).text(), /failure reason/)
    child.kill('SIGINT')
    const [code] = (await ended) as [number | null]
    assert.equal(code, 0)
  })

  it('refuses an infohash that is none, and an address of another machine, in one sentence', async () => {
    const bad = await runCli(['tracker', '--only', 'x'])
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /40 hexadecimal digits/)
    const elsewhere = await runCli(['tracker', '--port', '0', '--host', '192.0.2.99'])
    assert.equal(elsewhere.code, 1)
    assert.match(elsewhere.stderr, /no address of this machine/)
  })
})
