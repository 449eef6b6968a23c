import { assert } from '@onehop/primitives'
import { constantLatency, type LatencyModel } from './latency.ts'

/** Connections as live ones: dialled at a price, and not more than so many. */
export interface ConnectionModel {
  /** Open connections of a node at most; the one least recently used is closed for a new one. */
  readonly cap: number
  /** Round trips before the first message can leave. */
  readonly dialRoundTrips: number
  /** Bytes that a dial sends each way. */
  readonly dialBytes: number
  /** Bytes beside each message (multiplexer, encryption). */
  readonly framingBytes: number
  /** A connection whose other end is gone without a word is found to be broken after this. */
  readonly brokenAfterMs: number
}

/** What `libp2p-overlay`'s connections were measured to cost: TCP, Noise, Yamux, identify, stream negotiation. */
export const LIVE_CONNECTIONS: ConnectionModel = Object.freeze({
  cap: 64,
  dialRoundTrips: 4,
  dialBytes: 2_000,
  framingBytes: 30,
  brokenAfterMs: 20_000,
})

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
  /** `free`: everybody is connected to everybody, and a message to the dead is reported. */
  readonly connections: 'free' | ConnectionModel
  /** Links (ordered pairs) over which nothing can be sent, or with connections: nobody can be dialled. */
  readonly blockedFraction: number
  /** Nodes that nobody can dial, behind a NAT; they dial others. Needs connections. */
  readonly undialableFraction: number
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
  connections: 'free',
  blockedFraction: 0,
  undialableFraction: 0,
  checksCodec: false,
})

const FRACTIONS = [
  'lossFraction',
  'duplicateFraction',
  'reorderFraction',
  'blockedFraction',
  'undialableFraction',
] as const

/** @throws {AssertionError} for fractions and times that make no sense. */
export function assertNetworkModel(model: NetworkModel): void {
  for (const name of FRACTIONS)
    assert(model[name] >= 0 && model[name] <= 1, `${name} must be from 0 to 1, not ${model[name]}`)
  for (const name of ['reorderMs', 'dialTimeoutMs'] as const)
    assert(
      model[name] >= 0 && Number.isFinite(model[name]),
      `${name} must not be negative, as ${model[name]} is`,
    )
  if (model.connections !== 'free') assertConnectionModel(model.connections)
  assert(
    model.undialableFraction === 0 || model.connections !== 'free',
    'nodes that cannot be dialled need connections that are not free',
  )
}

function assertConnectionModel(model: ConnectionModel): void {
  for (const name of ['dialRoundTrips', 'dialBytes', 'framingBytes', 'brokenAfterMs'] as const)
    assert(
      model[name] >= 0 && Number.isFinite(model[name]),
      `${name} must not be negative, as ${model[name]} is`,
    )
}
