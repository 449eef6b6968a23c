import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  concatBytes,
  type HashBackend,
  hash160,
  hashBackend,
  merkleParents,
  nobleHashes,
  sha256,
  sha256d,
  sha256dMany,
  taggedHash,
  taggedHasher,
  useHashBackend,
  utf8Encode,
} from '@onehop/primitives'

const counting = (): HashBackend & { calls: number } => {
  const backend = {
    ...nobleHashes,
    name: 'counting',
    calls: 0,
    sha256: (message: Uint8Array) => {
      backend.calls++
      return nobleHashes.sha256(message)
    },
    sha256After: (prefix: Uint8Array) => {
      const hash = nobleHashes.sha256After(prefix)
      return (message: Uint8Array) => {
        backend.calls++
        return hash(message)
      }
    },
  }
  return backend
}

const sha256OfNode = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())

describe('hash backend', () => {
  let others: HashBackend

  beforeEach(() => {
    others = hashBackend()
    useHashBackend(nobleHashes)
  })

  afterEach(() => useHashBackend(others))

  it('is noble unless told otherwise', () => {
    // Other tests of this process may have told it otherwise.
    const script =
      "import { hashBackend } from '@onehop/primitives'; process.stdout.write(hashBackend().name)"
    const options = ['--conditions=@onehop/source', '--input-type=module', '--eval', script]
    const name = execFileSync(process.execPath, options, { cwd: import.meta.dirname, encoding: 'utf8' })
    assert.equal(name, 'noble')
  })

  it('hashes batches as it hashes one', () => {
    const messages = Array.from({ length: 9 }, (_, i) => new Uint8Array(i * 31).fill(i))
    assert.deepEqual(sha256dMany(messages), messages.map(sha256d))
    assert.deepEqual(sha256d(messages[3]!), sha256OfNode(sha256OfNode(messages[3]!)))
  })

  it('hashes a level of a merkle tree pair by pair', () => {
    const children = Uint8Array.from({ length: 192 }, (_, i) => i)
    const parents = [0, 64, 128].map(at => sha256d(children.subarray(at, at + 64)))
    assert.deepEqual(merkleParents(children), concatBytes(...parents))
    assert.equal(merkleParents(new Uint8Array(0)).length, 0)
  })

  it('is used by everything that hashes with SHA-256, also by what was made before it came', () => {
    const hasher = taggedHasher('TapLeaf')
    const message = utf8Encode('a message')
    const expected = [sha256(message), hash160(message), taggedHash('TapLeaf', message), hasher(message)]
    const backend = counting()
    useHashBackend(backend)
    for (const [i, hash] of [
      () => sha256(message),
      () => hash160(message),
      () => taggedHash('TapLeaf', message),
      () => hasher(message),
    ].entries()) {
      const before = backend.calls
      assert.deepEqual(hash(), expected[i])
      assert.ok(backend.calls > before)
    }
  })

  it('hashes the tag and all parts', () => {
    const [a, b] = [utf8Encode('a'), utf8Encode('b')]
    const tag = sha256OfNode(utf8Encode('T'))
    assert.deepEqual(taggedHasher('T')(a, b), sha256OfNode(concatBytes(tag, tag, a, b)))
    assert.deepEqual(taggedHash('T', a, b), taggedHasher('T')(a, b))
    assert.deepEqual(taggedHasher('T')(), sha256OfNode(concatBytes(tag, tag)))
  })
})
