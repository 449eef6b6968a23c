import assert from 'node:assert/strict'
import { SwarmError } from '@onehop/swarm-io'
import { filesMeantBy, pathBelowRoot } from '../src/content/file-choice.ts'

const FILES = ['cover.jpg', 'disc1/01 intro.flac', 'disc1/02 song.flac', 'disc2/01 (live).flac', '2024'].map(
  (path, index) => ({ index, path }),
)

function meant(...patterns: string[]): number[] {
  return [...filesMeantBy(patterns, FILES)]
}

describe('the choice of files', () => {
  it('is by numbers and ranges of them', () => {
    assert.deepEqual(meant('0'), [0])
    assert.deepEqual(meant('3', '1-2'), [3, 1, 2])
    assert.deepEqual(meant('2-99'), [2, 3, 4])
  })

  it('is by patterns: of the name alone, of the path, through folders', () => {
    assert.deepEqual(meant('*.flac'), [1, 2, 3])
    assert.deepEqual(meant('0? *.flac'), [1, 2, 3])
    assert.deepEqual(meant('disc1/*.flac'), [1, 2])
    assert.deepEqual(meant('**/01*'), [1, 3])
    assert.deepEqual(meant('**'), [0, 1, 2, 3, 4])
    assert.deepEqual(meant('cover.jpg'), [0])
  })

  it('takes a folder for all that is in it, and letters of expressions for themselves', () => {
    assert.deepEqual(meant('disc1'), [1, 2])
    assert.deepEqual(meant('disc2/'), [3])
    assert.deepEqual(meant('01 (live).flac'), [3])
    assert.deepEqual(meant('./2024'), [4])
  })

  it('refuses what means no file', () => {
    for (const pattern of ['9', 'cover', '*.mp3', 'disc1/*.jpg', 'cover.jp?g', '(']) {
      assert.throws(
        () => meant('0', pattern),
        (error: unknown) =>
          error instanceof SwarmError && error.code === 'not-found' && error.message.includes(pattern),
        pattern,
      )
    }
  })

  it('knows files by their path below the folder, and a single one by its name', () => {
    assert.equal(pathBelowRoot({ path: ['film.mp4'] }), 'film.mp4')
    assert.equal(pathBelowRoot({ path: ['album', 'disc1', 'a.flac'] }), 'disc1/a.flac')
  })
})
