import assert from 'node:assert/strict'
import { AssertionError } from '@onehop/primitives'
import fc from 'fast-check'
import { Handles, type PeerHandle } from '../../src/index.ts'
import { StrictEnvironment, testId } from './strict-environment.ts'

const PEERS = 6

/** One thing that a machine does with a peer's handle. */
type Step = { readonly what: 'hold' | 'drop' | 'keep' | 'forget' | 'use'; readonly peer: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom('hold', 'drop', 'keep', 'forget', 'use'),
    peer: fc.integer({ min: 1, max: PEERS }),
  }),
  { maxLength: 200, size: 'max' },
)

/** A machine of nothing but handles: it holds some several times, and keeps some in a table. */
class Holder {
  readonly environment = new StrictEnvironment()
  readonly handles = new Handles(this.environment as never)
  readonly counts = new Map<number, number>()
  readonly table = new Set<PeerHandle>()

  constructor() {
    this.handles.isKept = peer => this.table.has(peer)
  }

  take({ what, peer }: Step): void {
    const { handles, environment } = this
    const count = this.counts.get(peer) ?? 0
    if (what === 'hold') {
      handles.hold(environment.intern(testId(peer)))
      this.counts.set(peer, count + 1)
    } else if (what === 'drop' && count > 0) {
      handles.drop(environment.intern(testId(peer)))
      this.counts.set(peer, count - 1)
    } else if (what === 'keep') this.table.add(environment.intern(testId(peer)))
    else if (what === 'forget')
      handles.with(testId(peer), handle => {
        this.table.delete(handle)
      })
    else if (what === 'use') handles.with(testId(peer), handle => environment.idOf(handle))
  }

  /** Peers that a table has, or somebody holds. */
  get expected(): number {
    const held = [...this.counts].filter(([, count]) => count > 0).map(([peer]) => testId(peer)[2])
    const kept = [...this.table].map(peer => this.environment.idOf(peer)[2])
    return new Set([...held, ...kept]).size
  }
}

describe('handles', () => {
  it('are released when nobody holds them any more, and not before', () => {
    fc.assert(
      fc.property(steps, taken => {
        const holder = new Holder()
        for (const step of taken) {
          holder.take(step)
          assert.equal(holder.environment.held, holder.expected, JSON.stringify(step))
        }
      }),
    )
  })

  it('are held by the calls that use them, which nest, also when one throws', () => {
    const environment = new StrictEnvironment()
    const handles = new Handles(environment as never)
    const fails = () =>
      handles.with(testId(1), peer => {
        handles.while(peer, () => environment.idOf(peer))
        assert.deepEqual(environment.idOf(peer), testId(1))
        throw new Error('a bug')
      })
    assert.throws(fails, /a bug/)
    assert.equal(environment.held, 0)
  })

  it('outlast the call when somebody holds them in it', () => {
    const environment = new StrictEnvironment()
    const handles = new Handles(environment as never)
    const held = handles.with(testId(1), peer => handles.hold(peer))
    assert.deepEqual([environment.held, handles.size], [1, 1])
    handles.drop(held)
    assert.deepEqual([environment.held, handles.size], [0, 0])
  })

  it('never include this node’s own, whatever is done with it', () => {
    const environment = new StrictEnvironment()
    const handles = new Handles(environment as never)
    handles.drop(handles.hold(environment.self))
    handles.with(testId(0), () => {})
    assert.deepEqual(environment.idOf(environment.self), testId(0))
  })

  it('cannot be dropped once too often: another peer may have the number by then', () => {
    const environment = new StrictEnvironment()
    const handles = new Handles(environment as never)
    const peer = handles.hold(environment.intern(testId(1)))
    handles.drop(peer)
    const other = environment.intern(testId(2))
    assert.equal(other, peer)
    assert.throws(() => handles.drop(peer), AssertionError)
    assert.deepEqual(environment.idOf(other), testId(2))
  })
})
