import assert from 'node:assert/strict'
import { isolationOf } from '../src/content/isolation.ts'

describe('a node that runs another overlay than its peers', () => {
  it('is told so, and what they run', () => {
    const peers = [{ overlay: 'kelips/1' }, { overlay: 'gnutella/1' }, { overlay: 'kelips/1' }]
    assert.equal(
      isolationOf('chord', peers),
      "None of this node's 3 peers runs chord; they run gnutella and kelips.",
    )
    assert.equal(
      isolationOf('chord', [{ overlay: 'kelips/1' }]),
      "This node's only peer does not run chord; it runs kelips.",
    )
    assert.equal(
      isolationOf('chord', [{}]),
      "This node's only peer does not run chord; it runs no overlay that is known here.",
    )
  })

  it('is not one that has no peers, or one among others', () => {
    assert.equal(isolationOf('chord', []), undefined)
    assert.equal(isolationOf('chord', [{ overlay: 'kelips/1' }, { overlay: 'chord/1' }]), undefined)
  })
})
