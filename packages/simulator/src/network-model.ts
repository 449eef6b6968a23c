import { assert, type RandomSource } from '@onehop/primitives'

/** One-way latency in ms between two nodes, by their numbers. */
export type LatencyModel = (from: number, to: number, random: RandomSource) => number

/** Every message takes this long. */
export function constantLatency(latencyMs: number): LatencyModel {
  return () => latencyMs
}

/** Drawn anew for every message: messages overtake one another. */
export function uniformLatency(leastMs: number, mostMs: number): LatencyModel {
  return (_from, _to, random) => leastMs + random() * (mostMs - leastMs)
}

/** What the network does to messages. Fractions are from 0 to 1. */
export interface NetworkModel {
  readonly latency: LatencyModel
  /** Messages that vanish. */
  readonly lossFraction: number
  /** Messages that arrive twice. */
  readonly duplicateFraction: number
  /** Messages that are held back by up to {@link reorderMs}. */
  readonly reorderFraction: number
  readonly reorderMs: number
  /** After this the sender hears that a peer cannot be reached. */
  readonly dialTimeoutMs: number
  /** Encodes and decodes every message, so that the codec is tested too. */
  readonly checksCodec: boolean
}

/** A network without faults: 20 ms each way. */
export const PERFECT_NETWORK: NetworkModel = Object.freeze({
  latency: constantLatency(20),
  lossFraction: 0,
  duplicateFraction: 0,
  reorderFraction: 0,
  reorderMs: 200,
  dialTimeoutMs: 500,
  checksCodec: false,
})

/** @throws {AssertionError} for fractions and times that make no sense. */
export function assertNetworkModel(model: NetworkModel): void {
  for (const name of ['lossFraction', 'duplicateFraction', 'reorderFraction'] as const)
    assert(model[name] >= 0 && model[name] <= 1, `${name} must be from 0 to 1, not ${model[name]}`)
  for (const name of ['reorderMs', 'dialTimeoutMs'] as const)
    assert(
      model[name] >= 0 && Number.isFinite(model[name]),
      `${name} must not be negative, as ${model[name]} is`,
    )
}
