import { PastryMachine, type PastryMessage, type PastryOptions, pastryIds } from '@onehop/classic-overlays'
import type { PeerHandle } from '@onehop/overlay'
import { assert, type RandomSource, randomBelow } from '@onehop/primitives'
import type { Simulation } from '../simulation.ts'

/** Digits after which a place in the routing table has no candidates in networks of any size simulated here. */
const MAX_ROWS = 12

/** A node's place on the ring. */
interface Seat {
  readonly node: number
  readonly id: pastryIds.NodeId
  readonly machine: PastryMachine
}

/** How the tables of a settled network are filled. */
export interface SettledPastry {
  readonly options: PastryOptions
  /** Of the nodes that could stand in a place of a routing table, so many are drawn, and the nearest stands there. */
  readonly candidates: number
  readonly random: RandomSource
}

/**
 * Fills the tables of a network whose nodes have joined nobody, as if it had been there for long: leaf sets exactly, and
 * in each place of a routing table the nearest of a few nodes drawn. What comes after goes through the protocol.
 */
export function settlePastry(simulation: Simulation<PastryMessage>, settled: SettledPastry): void {
  const ring = simulation.alive().map(({ number, id, machine }): Seat => {
    assert(machine instanceof PastryMachine, 'a node that is no Pastry node')
    return { node: number, id: pastryIds.nodeIdOf(id), machine }
  })
  ring.sort((a, b) => pastryIds.compareIds(a.id, b.id))
  ring.forEach((seat, at) => {
    fillLeafSet(simulation, ring, at, settled.options.leafSetSize / 2)
    fillRows(simulation, ring, seat, settled)
    seat.machine.settle()
  })
}

function fillLeafSet(
  simulation: Simulation<PastryMessage>,
  ring: readonly Seat[],
  at: number,
  half: number,
): void {
  const reach = Math.min(half, ring.length - 1)
  for (let step = 1; step <= reach; step++)
    for (const other of [at + step, at - step])
      introduce(simulation, ring[at]!, ring[(other + ring.length) % ring.length]!)
}

/** Nodes that share digits stand side by side on the ring: each place of a row is a stretch of it. */
function fillRows(
  simulation: Simulation<PastryMessage>,
  ring: readonly Seat[],
  seat: Seat,
  settled: SettledPastry,
): void {
  const { digitBits } = settled.options
  let [from, to] = [0, ring.length]
  for (let row = 0; row < MAX_ROWS && to - from > 1; row++) {
    const own = pastryIds.digitAt(seat.id, row, digitBits)
    const ends = [from]
    for (let digit = 1; digit <= 1 << digitBits; digit++)
      ends.push(firstWithDigit(ring, { from: ends.at(-1)!, to, row, digit, digitBits }))
    for (let digit = 0; digit < 1 << digitBits; digit++)
      if (digit !== own) introduceNearest(simulation, seat, ring, [ends[digit]!, ends[digit + 1]!], settled)
    from = ends[own]!
    to = ends[own + 1]!
  }
}

/** Where, in a stretch that shares the digits before, those begin whose digit is at least this. */
function firstWithDigit(
  ring: readonly Seat[],
  stretch: { from: number; to: number; row: number; digit: number; digitBits: number },
): number {
  let { from, to } = stretch
  while (from < to) {
    const middle = (from + to) >>> 1
    const isBefore = pastryIds.digitAt(ring[middle]!.id, stretch.row, stretch.digitBits) < stretch.digit
    if (isBefore) from = middle + 1
    else to = middle
  }
  return from
}

function introduceNearest(
  simulation: Simulation<PastryMessage>,
  seat: Seat,
  ring: readonly Seat[],
  [from, to]: readonly [number, number],
  { candidates, random }: SettledPastry,
): void {
  let nearest: Seat | undefined
  let nearestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < Math.min(candidates, to - from); i++) {
    const at = to - from <= candidates ? from + i : from + randomBelow(random, to - from)
    const rttMs = roundTripMs(simulation, seat, ring[at]!)
    if (rttMs < nearestMs) {
      nearest = ring[at]
      nearestMs = rttMs
    }
  }
  if (nearest !== undefined) introduce(simulation, seat, nearest)
}

function introduce(simulation: Simulation<PastryMessage>, to: Seat, who: Seat): void {
  const handle: PeerHandle = simulation.node(to.node).meet(who.node)
  to.machine.meet(handle, who.machine.entry, roundTripMs(simulation, to, who))
}

function roundTripMs(simulation: Simulation<PastryMessage>, a: Seat, b: Seat): number {
  return simulation.network.roundTripMs(a.node, b.node) ?? 0
}
