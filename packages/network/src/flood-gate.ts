import { TokenBucket } from '@onehop/primitives'
import {
  DROPPED_GOSSIP_BURST,
  DROPPED_GOSSIP_PER_SECOND,
  GOSSIP_MESSAGES_BURST,
  GOSSIP_MESSAGES_PER_SECOND,
} from './limits.ts'

/** What becomes of one more message: it is looked at, left out, or one too many. */
export type Admission = 'pass' | 'drop' | 'flood'

/** Lets through what one peer may send. Who is quick for a moment only loses messages; who goes on floods us. */
export class FloodGate {
  private readonly messages: TokenBucket
  private readonly drops: TokenBucket

  constructor(nowMs: number) {
    this.messages = new TokenBucket(GOSSIP_MESSAGES_PER_SECOND, GOSSIP_MESSAGES_BURST, nowMs)
    this.drops = new TokenBucket(DROPPED_GOSSIP_PER_SECOND, DROPPED_GOSSIP_BURST, nowMs)
  }

  pass(nowMs: number): Admission {
    if (this.messages.take(1, nowMs)) return 'pass'
    return this.drops.take(1, nowMs) ? 'drop' : 'flood'
  }
}
