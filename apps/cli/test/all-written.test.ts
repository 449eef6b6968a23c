import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createRpcServer, defineMethod, type RpcServer } from '@onehop/rpc'
import { allWritten } from '../src/all-written.ts'
import { LAUNCHER } from './support/run-cli.ts'

/** More than a pipe holds, and less than with what a stream keeps in memory before it asks to wait. */
const KEYS = Array.from({ length: 1_500 }, (_, i) => `bah${String(i).padStart(60, '0')}`)

describe('what was printed when the process ends', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-printed-'))
  let server: RpcServer

  before(async () => {
    const list = KEYS.map(key => ({ key }))
    server = await createRpcServer({
      methods: [defineMethod({ name: 'content.list', summary: '', handler: () => list })],
      port: 0,
      cookiePath: join(folder, '.cookie'),
    })
    writeFileSync(join(folder, 'rpc.json'), JSON.stringify({ url: server.url, pid: process.pid }))
  })

  after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  /** What a shell's pipeline prints. */
  async function piped(reader: string): Promise<{ code: string; stdout: string }> {
    const run = `"$0" --conditions=@onehop/source "$1" content list -q --datadir ${folder}`
    const child = spawn(
      'sh',
      ['-c', `{ ${run}; echo "ended $?"; } | ${reader}`, process.execPath, LAUNCHER],
      {
        env: { PATH: process.env.PATH, ONEHOP_HOME: '/nonexistent' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let stdout = ''
    for await (const chunk of child.stdout) stdout += chunk
    const [printed, code] = stdout.split('ended ')
    return { stdout: printed!, code: code! }
  }

  it('arrives in full, however late somebody reads it', async () => {
    const { code, stdout } = await piped('{ sleep 2; cat; }')
    assert.equal(stdout.length, KEYS.length * 64)
    assert.deepEqual([stdout, code], [`${KEYS.join('\n')}\n`, '0\n'])
  })

  it('is waited for although the stream takes more', async () => {
    const held: (() => void)[] = []
    const slow = new Writable({ write: (_, __, done) => void held.push(done) })
    slow.write('some bytes')
    let hasResolved = false
    const waiting = allWritten([slow]).then(() => {
      hasResolved = true
    })
    await new Promise(setImmediate)
    assert.equal(hasResolved, false)
    held.shift()!()
    await new Promise(setImmediate)
    held.shift()!()
    await waiting
  })

  it('is not waited for when nobody reads it any more', async () => {
    const broken = new Writable({ write: (_, __, done) => done(new Error('EPIPE')) })
    await allWritten([broken])
    await allWritten([broken])
  })
})
