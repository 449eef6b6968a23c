import type { Gossip, KelipsMessage, MemberEntry } from '@onehop/kelips'
import type { Environment, PeerHandle } from '@onehop/overlay'
import type { RandomSource } from '@onehop/primitives'
import type { Conspiracy } from './conspiracy.ts'

/** What a hostile node is to its behaviours: its real environment, and those it colludes with. */
export interface Accomplice {
  readonly environment: Environment<KelipsMessage>
  readonly conspiracy: Conspiracy
  readonly random: RandomSource
  /** Its own record, signed this second: nobody's heartbeat is fresher. Undefined until it has spoken. */
  freshEntry(): MemberEntry | undefined
  /** Its honest self's last gossip with a fresh record and these changes. Undefined until it has gossiped. */
  gossip(changes: Partial<Gossip>): Gossip | undefined
}

/** One way in which a node departs from the protocol. What it does not say is done as an honest node would. */
export interface Behaviour {
  /** What goes out in place of a message of its honest self; undefined: nothing. */
  onSend?(message: KelipsMessage, to: PeerHandle): KelipsMessage | undefined
  /** Whether it has dealt with a message, so that its honest self never sees it. */
  onReceive?(from: PeerHandle, message: KelipsMessage): boolean
  /** Every `ATTACK_INTERVAL_MS`, with some of the peers that spoke to it. */
  onAttack?(victims: readonly PeerHandle[]): void
}

export type BehaviourMaker = (self: Accomplice) => Behaviour
