import assert from 'node:assert/strict'
import { runCli } from './support/node-process.ts'

interface Tour {
  readonly steps: readonly { readonly title: string; readonly ok: boolean }[]
}

describe('the tour', () => {
  it('holds in every step', async () => {
    const { code, stdout, stderr } = await runCli(['demo', '--json'])
    assert.equal(code, 0, stderr)
    const { steps } = JSON.parse(stdout) as Tour
    assert.equal(steps.length, 10)
    for (const { title, ok } of steps) assert.equal(ok, true, title)
  })
})
