import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRpcServer, defineMethod } from '@onehop/rpc'
import { runCli } from './support/run-cli.ts'

const CANDIDATES = ['/usr/local/bin/node', '/usr/bin/node']

/** A Node.js of the machine that is too old for us. */
function findOldNode(): string | undefined {
  return CANDIDATES.find(path => {
    if (!existsSync(path)) return false
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
    return Number(/^v(\d+)/.exec(version)?.[1]) < 22
  })
}

describe('the launcher', () => {
  const oldNode = findOldNode()

  it('runs under a new Node.js that knows nothing of the sources', async () => {
    const run = await runCli(['--version'], { node: process.execPath })
    assert.match(run.stdout, /^onehop\/0\.\d+\.\d+ /)
    assert.equal(run.stderr, '')
  })

  it('passes the exit code on', async () => {
    assert.equal((await runCli(['nonsense'], { node: process.execPath })).code, 2)
  })

  describe('under an old Node.js', () => {
    before(function () {
      if (oldNode === undefined) this.skip()
    })

    it('finds the one that npm brought along', async () => {
      const run = await runCli(['--version'], { node: oldNode! })
      assert.match(run.stdout, /node-v(2[2-9]|[3-9]\d)\./)
      assert.equal(run.stderr, '')
    })

    it('passes the exit code on', async () => {
      const run = await runCli(['nonsense'], { node: oldNode! })
      assert.equal(run.code, 2)
      assert.match(run.stderr, /^Error: There is no command/)
    })

    it('passes signals on', async () => {
      let asked: () => void = () => undefined
      const hanging = new Promise<void>(resolve => {
        asked = resolve
      })
      const server = await createRpcServer({
        port: 0,
        methods: [
          defineMethod({
            name: 'hang',
            summary: '',
            handler: (_, { signal }) => {
              asked()
              return new Promise(done => signal.addEventListener('abort', () => done(null)))
            },
          }),
        ],
      })
      const { user, password } = server.credentials
      const url = server.url.replace('//', `//${user}:${password}@`)
      const run = await runCli(['rpc', 'hang', '--rpc', url], {
        node: oldNode!,
        onSpawn: pid => void hanging.then(() => process.kill(pid, 'SIGTERM')),
      })
      await server.close()
      assert.equal(run.code, 130)
    })
  })
})
