import assert from 'node:assert/strict'
import { type FileHandle, open } from 'node:fs/promises'
import { hashBlocks, merkleRoot } from '@onehop/swarm'
import { BlockTree } from '../../src/storage/block-tree.ts'
import { Gate } from '../../src/storage/gate.ts'
import { MAX_OPEN_FILES } from '../../src/storage/limits.ts'
import { OpenFiles } from '../../src/storage/open-files.ts'
import { PieceThreads } from '../../src/storage/piece-threads.ts'
import { content } from '../session-scene.ts'
import { sha1, sha256 } from './storage-scene.ts'

describe('the threads that hash and write', () => {
  const bytes = content(1000)
  const check = { sha1: sha1(bytes) }
  const store = (threads: PieceThreads) => threads.store({ kind: 'store', bytes, check, writes: [] })

  it('do many jobs at once, each with its own answer', async () => {
    const threads = new PieceThreads()
    const wrong = { sha1: new Uint8Array(20) }
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        threads.store({ kind: 'store', bytes, check: i % 3 === 0 ? wrong : check, writes: [] }),
      ),
    )
    assert.ok(answers.every((answer, i) => answer === (i % 3 === 0 ? 'corrupt' : 'stored')))
  })

  it('hand on the error of a system call, and go on', async () => {
    const threads = new PieceThreads()
    const slice = { descriptor: 9999, position: 0, offsetInPiece: 0, lengthBytes: 10, isComparedOnly: false }
    const failing = threads.store({ kind: 'store', bytes, check, writes: [slice] })
    await assert.rejects(failing, { code: 'EBADF' })
    assert.equal(await store(threads), 'stored')
  })

  it('say what is missing or too short', async () => {
    const pieces = [
      { slices: [{ path: '/nowhere/at/all', position: 0, lengthBytes: 1 }], sha1: true },
      { slices: [{ path: '/dev/null', position: 0, lengthBytes: 1 }], sha1: true },
      { slices: [{ position: 0, lengthBytes: 3 }], sha1: true },
    ]
    const [missing, short, zeros] = await new PieceThreads().hash({ kind: 'hash', pieces })
    assert.deepEqual([missing, short], [undefined, undefined])
    assert.deepEqual(zeros!.sha1, sha1(new Uint8Array(3)))
  })

  it('fail the jobs of one that dies, and start another for the next', async () => {
    const threads = new PieceThreads(new URL('data:text/javascript,process.exit(1)'))
    for (let i = 0; i < 2; i++) await assert.rejects(store(threads), /a thread that stores pieces ended/)
  })
})

describe('the tree over the blocks of a piece', () => {
  it('has the root that is defined, however the bytes come', () => {
    for (const lengthBytes of [1, 16_384, 16_385, 100_000, 131_072]) {
      const bytes = content(lengthBytes)
      const tree = new BlockTree()
      for (let at = 0; at < lengthBytes; at += 30_000) tree.update(bytes.subarray(at, at + 30_000))
      assert.deepEqual(new Uint8Array(tree.root(8)), merkleRoot(hashBlocks(bytes, sha256), 8, sha256))
    }
  })
})

describe('the gate of a storage', () => {
  it('lets in many together, or one alone, in the order of arrival', async () => {
    const gate = new Gate()
    const events: string[] = []
    const visit = (name: string, steps: number) => async () => {
      events.push(`${name} in`)
      for (let i = 0; i < steps; i++) await Promise.resolve()
      events.push(`${name} out`)
    }
    await Promise.all([
      gate.together(visit('a', 9)),
      gate.together(visit('b', 3)),
      gate.alone(visit('c', 5)),
      gate.together(visit('d', 1)),
    ])
    assert.deepEqual(events, ['a in', 'b in', 'b out', 'a out', 'c in', 'c out', 'd in', 'd out'])
  })

  it('lets the next one in when somebody fails', async () => {
    const gate = new Gate()
    await assert.rejects(gate.alone(() => Promise.reject(new Error('failed'))))
    assert.equal(await gate.together(async () => 1), 1)
  })
})

describe('the open files', () => {
  const openNull = () => open('/dev/null', 'r')

  it('are no more than there may be, and those in use stay open', async () => {
    const files = new OpenFiles()
    const used = await files.take('used', openNull)
    const handles: FileHandle[] = []
    for (let i = 0; i < MAX_OPEN_FILES + 10; i++) {
      const file = await files.take(`${i}`, openNull)
      handles.push(file.handle)
      files.release(file)
    }
    assert.ok(used.handle.fd >= 0)
    await files.close(`${MAX_OPEN_FILES + 9}`)
    assert.ok(handles.filter(({ fd }) => fd >= 0).length <= MAX_OPEN_FILES)
    files.release(used)
    for (let i = 0; i < MAX_OPEN_FILES + 9; i++) await files.close(`${i}`)
    await files.close('used')
    assert.ok(handles.every(({ fd }) => fd === -1))
  })

  it('are closed when nobody uses them any more', async () => {
    const files = new OpenFiles()
    const file = await files.take('a', openNull)
    const closing = files.close('a')
    const again = await files.take('a', openNull)
    assert.notEqual(again, file)
    assert.ok(file.handle.fd >= 0)
    files.release(file)
    await closing
    assert.equal(file.handle.fd, -1)
    files.release(again)
    await files.close('a')
  })

  it('that cannot be opened are tried again by the next one, and keep nobody waiting', async () => {
    const files = new OpenFiles()
    const failing = () => open('/nowhere/at/all', 'r')
    await Promise.all([
      assert.rejects(files.take('a', failing)),
      assert.rejects(files.take('a', failing)),
      files.close('a'),
    ])
    files.release(await files.take('a', openNull))
    await files.close('a')
  })
})
