import { contentKey } from '../keys.ts'
import { MAX_DISPLAY_NAME_BYTES, SIGNATURE_BYTES } from '../limits.ts'
import { POINTER_VERSION, type UnsignedPointer } from '../pointer.ts'
import type { OverlayHarness } from './harness.ts'
import { test } from './mocha.ts'
import { inEachNetwork, range, type Scene } from './scene.ts'

const NODES = 6
const LIAR = 5
const HONEST = range(0, LIAR)
const FLOOD = 300

function pointerOf(scene: Scene, provider: number): UnsignedPointer {
  const nowS = Math.floor(scene.network.now() / 1000)
  return {
    version: POINTER_VERSION,
    kind: 'content',
    key: contentKey(scene.multihash()),
    provider: scene.network.idOf(provider),
    addresses: [],
    sequence: scene.network.now(),
    expiresAt: nowS + 20,
  }
}

async function joined(scene: Scene): Promise<void> {
  await scene.joinAll(NODES)
  await scene.converge()
}

/** Members that lie and flood. */
export function registerAttackTests(harness: OverlayHarness): void {
  test('a forged pointer is never answered, and who hands it out is penalised', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await joined(scene)
      const unsigned = pointerOf(scene, 1)
      const forgeries = [
        { ...unsigned, signature: new Uint8Array(SIGNATURE_BYTES) },
        scene.network.signAs(LIAR, unsigned),
        { ...scene.network.signAs(LIAR, pointerOf(scene, LIAR)), key: unsigned.key },
      ]
      for (const node of HONEST)
        for (const forgery of forgeries) await scene.network.handPointer(LIAR, node, forgery)
      await scene.expectNothing(HONEST, unsigned.key)
      const liar = scene.network.idOf(LIAR).join()
      const penalised = HONEST.filter(node => scene.network.penalised(node).some(id => id.join() === liar))
      if (harness.judgesUnasked !== false) scene.expect(penalised.length > 0, 'nobody minded')
      for (const node of HONEST) {
        const others = scene.network.penalised(node).filter(id => id.join() !== liar)
        scene.expect(others.length === 0, `node ${node} penalised honest peers`)
      }
    }))

  test('a pointer that has expired is not answered, and nobody is blamed for it', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await joined(scene)
      const expired = { ...pointerOf(scene, LIAR), expiresAt: Math.floor(scene.network.now() / 1000) - 1 }
      const pointer = scene.network.signAs(LIAR, expired)
      for (const node of HONEST) await scene.network.handPointer(LIAR, node, pointer)
      await scene.expectNothing(HONEST, pointer.key)
      for (const node of HONEST)
        scene.expect(scene.network.penalised(node).length === 0, 'somebody was blamed')
    }))

  test('tables stay within their limits under a flood, and the network goes on', () =>
    inEachNetwork(harness, { nodes: NODES }, async scene => {
      await joined(scene)
      const key = await scene.publishNew(1)
      const oneKey = pointerOf(scene, LIAR)
      for (let i = 0; i < FLOOD; i++) {
        const target = scene.multihash()
        const spam = {
          ...oneKey,
          kind: 'word' as const,
          target,
          displayName: 'x'.repeat(MAX_DISPLAY_NAME_BYTES),
        }
        const pointer = scene.network.signAs(LIAR, spam)
        for (const node of HONEST) await scene.network.handPointer(LIAR, node, pointer)
        for (const node of HONEST) await scene.network.sendGarbage(LIAR, node, scene.random.bytes(i))
      }
      for (const node of HONEST) {
        for (const { name, size, limit } of scene.network.tables(node))
          scene.expect(size <= limit, `node ${node}: ${name} has ${size} entries of ${limit}`)
      }
      await scene.expectNear(HONEST, key)
    }))
}
