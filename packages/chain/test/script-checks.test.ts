import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { runScriptChecks } from '@onehop/ledger'
import { nobleVerifier } from '@onehop/primitives'
import fc from 'fast-check'
import { ScriptChecker } from '../src/script-checks/script-checker.ts'
import { makeChecks } from './script-checks/made-checks.ts'

const ones = (count: number) => Array.from({ length: count }, () => 1)
const fixture = (name: string) => new URL(`./script-checks/${name}`, import.meta.url)

describe('checking the scripts of a block', function () {
  this.timeout(60_000)
  let troubles: string[] = []
  const open: ScriptChecker[] = []
  const checker = (threads: number, entry?: URL) => {
    const onTrouble = (message: string) => troubles.push(message)
    const made = new ScriptChecker({ verifier: nobleVerifier, threads, onTrouble, ...(entry && { entry }) })
    open.push(made)
    return made
  }

  const untilTrouble = async (act: () => Promise<void>, count = 1) => {
    for (; troubles.length < count; await nextTurn()) await act()
  }

  beforeEach(() => {
    troubles = []
  })
  afterEach(async () => {
    for (const made of open.splice(0)) await made.close()
  })

  it('gives the verdict of one thread with any number of them', async () => {
    const checkers = [checker(1), checker(2), checker(4)]
    const block = fc.record({
      inputs: fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 300 })), {
        maxLength: 60,
      }),
      failing: fc.array(fc.nat(3_000), { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(block, async ({ inputs, failing }) => {
        const checks = makeChecks(inputs, failing)
        const expected = runScriptChecks(checks, nobleVerifier)
        for (const made of checkers) assert.deepEqual(await made.run(checks), expected)
      }),
      { numRuns: 100 },
    )
    assert.deepEqual(troubles, [])
  })

  it('begins while checks are still to come, and ends when the block is refused for another reason', async () => {
    const made = checker(2)
    const checks = makeChecks(ones(5_000), [4_000])
    for (let block = 0; block < 5; block++) {
      const refused = made.begin()
      for (const check of checks.slice(0, 3_000)) refused.add(check)
      refused.abandon()
      const scripts = made.begin()
      for (const check of checks) scripts.add(check)
      assert.deepEqual(await scripts.finish(), runScriptChecks(checks, nobleVerifier))
    }
    assert.deepEqual(troubles, [])
  })

  it('names the first input that fails, also in the middle of a long transaction', async () => {
    const checks = makeChecks([1, 1_000, 500], [1_400, 700, 1_200])
    for (const threads of [1, 3]) {
      const verdict = await checker(threads).run(checks)
      assert.match(verdict.ok ? '' : (verdict.detail ?? ''), /^input 699 of /)
    }
  })

  it('takes a block without scripts', async () => {
    assert.ok((await checker(2).run([])).ok)
  })

  it('goes on without threads that do not start', async () => {
    const made = checker(3, fixture('no-such-file.ts'))
    const checks = makeChecks(ones(5_000), [4_321])
    const expected = runScriptChecks(checks, nobleVerifier)
    for (let block = 0; block < 50; block++) assert.deepEqual(await made.run(checks), expected)
    await untilTrouble(async () => undefined, 2)
    assert.equal(troubles.length, 2)
    assert.match(troubles[0] ?? '', /no-such-file/)
  })

  it('does what a thread that died had claimed', async () => {
    const made = checker(2, fixture('dying-worker.ts'))
    const checks = makeChecks(ones(5_000))
    await untilTrouble(async () => assert.ok((await made.run(checks)).ok))
    assert.match(troubles[0] ?? '', /no more/)
    assert.ok((await made.run(checks)).ok)
  })

  it('refuses nothing on the word of another thread', async () => {
    const made = checker(2, fixture('lying-worker.ts'))
    const checks = makeChecks(ones(5_000))
    await untilTrouble(async () => assert.ok((await made.run(checks)).ok))
    assert.match(troubles[0] ?? '', /checked again/)
  })

  it('lets other events through', async () => {
    let hadTurn = false
    setImmediate(() => {
      hadTurn = true
    })
    const checks = makeChecks(ones(50_000))
    while (!hadTurn) assert.ok((await checker(1).run(checks)).ok)
  })

  it('passes on what a verifier throws', async () => {
    const made = checker(1)
    const [check] = makeChecks([1])
    assert.ok(check)
    const broken = { ...check, spent: [] }
    await assert.rejects(made.run([broken]))
    assert.ok((await made.run([check])).ok)
  })

  it('keeps no process alive', async () => {
    const args = [...process.execArgv, fixture('unclosed-child.ts').pathname]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 })
    assert.equal(stdout, 'true\ntrue\ntrue\n')
  })

  it('takes no more work once closed, but for the main thread', async () => {
    const made = checker(2)
    assert.ok((await made.run(makeChecks(ones(1_000)))).ok)
    await made.close()
    assert.ok((await made.run(makeChecks(ones(1_000)))).ok)
  })
})
