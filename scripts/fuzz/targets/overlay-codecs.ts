import { classicOverlay, OVERLAY_NAMES, type OverlayName } from '@onehop/classic-overlays'
import { contentKey, contentPublications, type MessageCodec, wordsOf } from '@onehop/overlay'
import { createSimulation, type Simulation } from '@onehop/simulator'
import { codecTarget, Finding, type Target } from '../target.ts'

const NODES = 10
const SEED = 1
const CONTENT_NAME = 'roman holiday.mp4'
/** Long enough for nodes to stabilise, to move pointers and to miss those who are gone. */
const LIFE_MS = 20_000
/** Examples kept of each type of message. */
const EXAMPLES = 3

/** Messages of every type that a small network sends, while nodes come and go, publish and look up. */
function spokenMessages(overlay: OverlayName): unknown[] {
  const simulation = createSimulation(classicOverlay(overlay, 'testnet'), { nodes: NODES, seed: SEED })
  const spoken = new Map<unknown, unknown[]>()
  simulation.network.onSend = (_from, _to, message) => {
    const { type } = message as { type?: unknown }
    const examples = spoken.get(type) ?? []
    if (examples.length < EXAMPLES) spoken.set(type, [...examples, message])
  }
  live(simulation)
  return [...spoken.values()].flat()
}

function live(simulation: Simulation<unknown>): void {
  simulation.joinAll()
  simulation.clock.runFor(LIFE_MS)
  const multihash = Uint8Array.of(0x11, 0x14, ...new Uint8Array(20).fill(7))
  const content = { multihash, name: CONTENT_NAME, bytes: 1_000, words: wordsOf(CONTENT_NAME) }
  for (const publication of contentPublications(content)) simulation.publish(3, publication)
  const [pointer] = simulation.lookup(7, contentKey(multihash)).pointers
  if (pointer !== undefined) simulation.node(7).machine.requestDelivery?.(pointer, () => {})
  simulation.lookup(8, contentKey(Uint8Array.of(0x11, 1, 1)))
  simulation.node(5).machine.search?.(wordsOf(CONTENT_NAME), { limit: 5, deadlineMs: 5_000 }, () => {})
  simulation.withdraw(3, contentKey(multihash))
  simulation.leave(4)
  simulation.kill(6)
  simulation.clock.runFor(LIFE_MS)
}

function target(overlay: OverlayName): Target {
  const codec: MessageCodec<unknown> = classicOverlay(overlay, 'testnet').codec
  return codecTarget({
    name: `${overlay}-message`,
    seeds: spokenMessages(overlay).map(message => codec.encode(message)),
    decode: bytes => codec.decode(bytes),
    encode: message => codec.encode(message),
    examine: message => {
      if (codec.encode(message).length !== codec.encodedLength(message))
        throw new Finding('the length is another')
    },
  })
}

/** What the classic overlays' machines say to each other. */
export function overlayTargets(): Target[] {
  return OVERLAY_NAMES.map(target)
}
