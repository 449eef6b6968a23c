import type { Crowd } from '../experiments/crowd.ts'
import { Samples } from '../experiments/samples.ts'
import type { MessageMeter } from './message-meter.ts'

interface NodeLoad {
  readonly received: number
  readonly lookups: number
}

/** How evenly work lies on the nodes: the most that one has, in multiples of what one has on average. */
export interface Imbalance {
  /** Of all messages received. */
  readonly messages: number
  /** Of messages of lookups. */
  readonly lookups: number
}

/** Compares what nodes receive between a beginning and an end; of nodes that were there at both. */
export class LoadMeter {
  private readonly crowd: Crowd
  private readonly meter: MessageMeter
  private readonly first = new Map<number, NodeLoad>()

  constructor(crowd: Crowd, meter: MessageMeter) {
    this.crowd = crowd
    this.meter = meter
  }

  begin(): void {
    for (const node of this.crowd.joined.numbers) this.first.set(node, this.loadOf(node))
  }

  end(): Imbalance {
    const [messages, lookups] = [new Samples(), new Samples()]
    for (const [node, before] of this.first) {
      if (!this.crowd.joined.has(node)) continue
      const now = this.loadOf(node)
      messages.add(now.received - before.received)
      lookups.add(now.lookups - before.lookups)
    }
    return { messages: mostOverMean(messages), lookups: mostOverMean(lookups) }
  }

  private loadOf(node: number): NodeLoad {
    const { messagesReceived } = this.crowd.simulation.network.trafficOf(node)
    return { received: messagesReceived, lookups: this.meter.lookupLoad[node] ?? 0 }
  }
}

/** 1 where there is nothing. */
function mostOverMean(samples: Samples): number {
  const mean = samples.mean() ?? 0
  return mean === 0 ? 1 : samples.most()! / mean
}
