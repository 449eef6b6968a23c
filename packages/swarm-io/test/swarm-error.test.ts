import assert from 'node:assert/strict'
import { SwarmError } from '@onehop/swarm-io'
// The conversion is not for other packages, and so not behind the door.
import { swarmErrorOf } from '../src/swarm-error.ts'

describe('an error of the operating system', () => {
  const cases = [
    ['ENOSPC', 'disk-full', 'Cannot write /x: the disk is full.'],
    ['EACCES', 'permission', 'Cannot write /x: permission denied.'],
    ['EROFS', 'permission', 'Cannot write /x: permission denied.'],
    ['ENOENT', 'not-found', 'Cannot write /x: it does not exist.'],
    ['EISDIR', 'not-a-file', 'Cannot write /x: it is a folder.'],
    ['EIO', 'io', 'Cannot write /x: something odd.'],
  ] as const
  for (const [systemCode, code, message] of cases) {
    it(`becomes one sentence and a code (${systemCode})`, () => {
      const error = swarmErrorOf(Object.assign(new Error('something odd'), { code: systemCode }), 'write /x')
      assert.deepEqual([error.code, error.message], [code, message])
    })
  }

  it('is not wrapped twice', () => {
    const error = new SwarmError('aborted', 'The fetch was stopped.')
    assert.equal(swarmErrorOf(error, 'do anything'), error)
  })
})
