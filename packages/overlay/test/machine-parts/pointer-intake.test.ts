import assert from 'node:assert/strict'
import { Handles, type Pointer, PointerIntake, SignatureChecks } from '../../src/index.ts'
import { StrictEnvironment, testId } from './strict-environment.ts'
import { testPointer } from './test-pointers.ts'

const LIMITS = { inAll: 4, perPeer: 3 }

function scene() {
  const environment = new StrictEnvironment()
  const handles = new Handles(environment as never)
  const known: Pointer[] = []
  let hasLeft = false
  const intake = new PointerIntake({
    environment: environment as never,
    handles,
    hasLeft: () => hasLeft,
    limits: LIMITS,
    knownAs: ({ key, provider }) => known.find(held => held.key === key && held.provider === provider),
  })
  const expiresAt = Math.floor(environment.now() / 1000) + 60
  const pointer = (provider: number) => testPointer({ key: 1, provider, expiresAt })
  const valid: Pointer[][] = []
  const verify = (pointers: readonly Pointer[], from = 9) =>
    handles.with(testId(from), peer => intake.verify(pointers, peer, right => valid.push(right)))
  const leave = () => {
    hasLeft = true
  }
  const blamed = () =>
    environment.penalties.map(({ peer, verdict }) => `${peer[2]} ${verdict.ok || verdict.code}`)
  return { environment, known, pointer, expiresAt, valid, verify, leave, blamed }
}

function forged(pointer: Pointer): Pointer {
  return { ...pointer, sequence: pointer.sequence + 1 }
}

describe('the intake of pointers', () => {
  it('lets those through whose form, time and signature are right, and says so once', () => {
    const { environment, pointer, valid, verify } = scene()
    environment.checksLater = true
    const pointers = [pointer(1), pointer(2)]
    verify(pointers)
    assert.deepEqual(valid, [])
    assert.equal(environment.held, 1)
    environment.answerChecks()
    assert.deepEqual(valid, [pointers])
    assert.equal(environment.held, 0)
  })

  it('has an answer to none at once', () => {
    const { valid, verify } = scene()
    verify([])
    assert.deepEqual(valid, [[]])
  })

  it('blames who sends forgeries and what can be no pointer, not who sends what has just expired', () => {
    const { environment, pointer, expiresAt, valid, verify, blamed } = scene()
    const old = testPointer({ key: 1, provider: 3, expiresAt: expiresAt - 60 })
    const good = pointer(4)
    verify([forged(pointer(1)), { ...pointer(2), key: new Uint8Array(31) as never }, old, good])
    assert.deepEqual(valid, [[good]])
    assert.deepEqual(blamed().sort(), ['9 forged-pointer', '9 pointer-key'])
    assert.equal(environment.held, 0)
  })

  it('never blames this node', () => {
    const { pointer, verify, blamed } = scene()
    verify([forged(pointer(1))], 0)
    assert.deepEqual(blamed(), [])
  })

  it('does not check the same version twice, but one that only looks like it', () => {
    const { environment, known, pointer, valid, verify } = scene()
    environment.checksLater = true
    const held = pointer(1)
    known.push(held)
    verify([{ ...held }])
    assert.deepEqual(valid, [[held]])
    assert.equal(valid[0]![0], held)
    verify([{ ...held, signature: new Uint8Array(64) }])
    assert.equal(environment.answerChecks(), 1)
    assert.deepEqual(valid[1], [])
  })

  it('takes no object for checked because another was', () => {
    const { environment, pointer, valid, verify } = scene()
    const checked = pointer(1)
    checked.genuine = checked
    verify([checked, forged(checked)])
    assert.deepEqual(valid, [[checked]])
    assert.equal(environment.penalties.length, 1)
  })

  it('checks so many at a time, and of one peer fewer, and drops the rest without blame', () => {
    const { environment, pointer, valid, verify, blamed } = scene()
    environment.checksLater = true
    verify([1, 2, 3, 4, 5].map(pointer), 8)
    verify([6, 7].map(pointer), 9)
    assert.equal(environment.answerChecks(), LIMITS.inAll)
    assert.deepEqual(
      valid.map(list => list.map(({ provider }) => provider[2])),
      [[1, 2, 3], [6]],
    )
    assert.deepEqual([blamed(), environment.held], [[], 0])
    verify([pointer(5)], 8)
    assert.equal(environment.answerChecks(), 1, 'there is room again')
  })

  it('says nothing after the node has left, and lets go of every handle', () => {
    const { environment, pointer, valid, verify, leave } = scene()
    environment.checksLater = true
    verify([pointer(1), forged(pointer(2))])
    leave()
    assert.equal(environment.answerChecks(), 2)
    assert.deepEqual([valid, environment.penalties, environment.held], [[], [], 0])
  })
})

describe('checks of signatures', () => {
  it('are told where there was no room for them', () => {
    const environment = new StrictEnvironment()
    const handles = new Handles(environment as never)
    const checks = new SignatureChecks(handles, () => false, { inAll: 1, perPeer: 1 })
    const waiting: ((isValid: boolean) => void)[] = []
    const told: (boolean | undefined)[] = []
    const run = () =>
      handles.with(testId(1), from =>
        checks.run(
          from,
          answer => waiting.push(answer),
          isValid => told.push(isValid),
        ),
      )
    run()
    run()
    for (const answer of waiting) answer(true)
    assert.deepEqual(told, [undefined, true])
    assert.equal(environment.held, 0)
  })
})
