import type { Traffic } from '../traffic.ts'
import type { Crowd } from './crowd.ts'
import { Samples } from './samples.ts'

/** Bytes a second over the nodes: all that they sent or received, dials and requests of others included. */
export interface RateSpread {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** Traffic of an interval. */
export interface IntervalTraffic {
  readonly sent: RateSpread
  readonly received: RateSpread
  readonly dialsPerNodePerMinute: number
  readonly messagesPerNodePerSecond: number
}

/** Compares what the honest nodes have sent and received with what they had at the last look. */
export class TrafficMeter {
  private readonly crowd: Crowd
  private last = new Map<number, Traffic>()
  private lastMs: number

  constructor(crowd: Crowd) {
    this.crowd = crowd
    this.lastMs = crowd.simulation.clock.now()
  }

  /** Since the last look, of the nodes that lived then and live now. */
  look(): IntervalTraffic {
    const { network, clock } = this.crowd.simulation
    const seconds = Math.max(1e-9, (clock.now() - this.lastMs) / 1000)
    const [sent, received] = [new Samples(), new Samples()]
    const now = new Map<number, Traffic>()
    let dials = 0
    let messages = 0
    for (const node of this.crowd.honest.numbers) {
      const traffic = network.trafficOf(node)
      now.set(node, traffic)
      const before = this.last.get(node)
      if (before === undefined) continue
      sent.add((traffic.bytesSent - before.bytesSent) / seconds)
      received.add((traffic.bytesReceived - before.bytesReceived) / seconds)
      dials += traffic.dials - before.dials
      messages += traffic.messagesSent - before.messagesSent
    }
    this.last = now
    this.lastMs = clock.now()
    const nodeSeconds = Math.max(1, sent.count) * seconds
    return {
      sent: spreadOf(sent),
      received: spreadOf(received),
      dialsPerNodePerMinute: (dials / nodeSeconds) * 60,
      messagesPerNodePerSecond: messages / nodeSeconds,
    }
  }
}

function spreadOf(samples: Samples): RateSpread {
  return {
    mean: samples.mean() ?? 0,
    p50: samples.percentile(0.5) ?? 0,
    p99: samples.percentile(0.99) ?? 0,
    most: samples.most() ?? 0,
  }
}
