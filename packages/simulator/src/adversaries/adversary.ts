import {
  type Gossip,
  type KelipsMessage,
  type MemberEntry,
  type MemberRecord,
  recordPayload,
} from '@onehop/kelips'
import type {
  Cancel,
  Environment,
  Inspection,
  Key,
  LookupOptions,
  Outcome,
  OverlayFactory,
  OverlayMachine,
  PeerHandle,
  Publication,
} from '@onehop/overlay'
import { equalBytes, SeededRandom, shuffled } from '@onehop/primitives'
import type { Accomplice, Behaviour, BehaviourMaker } from './behaviour.ts'
import type { Conspiracy } from './conspiracy.ts'
import { ATTACK_INTERVAL_MS, MAX_VICTIMS, VICTIMS_PER_ATTACK } from './limits.ts'

/**
 * A hostile node: an honest machine whose messages pass through its behaviours on their way in and out. Everything that
 * they do not touch is as an honest node would do it, so that nobody can tell it by its manners.
 */
export class Adversary implements OverlayMachine<KelipsMessage>, Accomplice {
  readonly guarantee: OverlayMachine<KelipsMessage>['guarantee']
  readonly environment: Environment<KelipsMessage>
  readonly conspiracy: Conspiracy
  readonly random: () => number
  private readonly honest: OverlayMachine<KelipsMessage>
  private readonly behaviours: readonly Behaviour[]
  private readonly victims: PeerHandle[] = []
  private nextVictim = 0
  private record: MemberRecord | undefined
  private lastGossip: Gossip | undefined
  private cancelAttack: Cancel | undefined

  constructor(
    factory: OverlayFactory<KelipsMessage>,
    environment: Environment<KelipsMessage>,
    conspiracy: Conspiracy,
    makers: readonly BehaviourMaker[],
  ) {
    this.environment = environment
    this.conspiracy = conspiracy
    this.random = new SeededRandom(environment.hash32(environment.self)).next
    this.behaviours = makers.map(make => make(this))
    this.honest = factory.create(this.wrapped(environment))
    this.guarantee = this.honest.guarantee
    conspiracy.recruit(this)
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (this.cancelAttack === undefined) this.scheduleAttack()
    this.honest.join(introducers, done)
  }

  leave(): void {
    this.cancelAttack?.()
    this.honest.leave()
  }

  receive(from: PeerHandle, message: KelipsMessage): void {
    this.remember(from)
    this.conspiracy.overhear(message)
    const isHandled = this.behaviours.some(behaviour => behaviour.onReceive?.(from, message) === true)
    if (!isHandled) this.honest.receive(from, message)
  }

  onUnreachable(peer: PeerHandle): void {
    this.honest.onUnreachable(peer)
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.honest.publish(publication, done)
  }

  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void {
    this.honest.withdraw(key, done, target)
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.honest.lookup(key, options, done)
  }

  inspect(): Inspection {
    return this.honest.inspect()
  }

  freshEntry(): MemberEntry | undefined {
    if (this.record === undefined) return undefined
    const nowMs = Math.floor(this.environment.now())
    if (nowMs - this.record.heartbeat >= ATTACK_INTERVAL_MS) {
      const { signature: _signature, genuine: _genuine, ...fields } = this.record
      const unsigned = { ...fields, heartbeat: nowMs }
      this.record = { ...unsigned, signature: this.environment.sign(recordPayload(unsigned)) }
    }
    return { record: this.record, ageMs: 0 }
  }

  gossip(changes: Partial<Gossip>): Gossip | undefined {
    const sender = this.freshEntry()
    const { lastGossip } = this
    return sender && lastGossip && { ...lastGossip, sender, members: [], pointers: [], ...changes }
  }

  /** Handles are never given back: behaviours use them longer than the honest machine would. */
  private wrapped(real: Environment<KelipsMessage>): Environment<KelipsMessage> {
    return {
      self: real.self,
      now: () => real.now(),
      random: () => real.random(),
      send: (to, message) => this.sendChanged(to, message),
      setTimer: (delayMs, callback) => real.setTimer(delayMs, callback),
      isConnected: peer => real.isConnected(peer),
      intern: id => real.intern(id),
      idOf: peer => real.idOf(peer),
      hash32: peer => real.hash32(peer),
      release: () => {},
      addresses: () => real.addresses(),
      learnAddresses: (peer, addresses) => real.learnAddresses(peer, addresses),
      sign: payload => real.sign(payload),
      verify: (signer, signed, payload, done) => real.verify(signer, signed, payload, done),
      penalise: () => {},
    }
  }

  private sendChanged(to: PeerHandle, message: KelipsMessage): void {
    if ('sender' in message) this.learnOwnRecord(message.sender.record)
    if (message.type === 'gossip') this.lastGossip = message
    let changed: KelipsMessage | undefined = message
    for (const behaviour of this.behaviours) {
      if (behaviour.onSend === undefined) continue
      changed = behaviour.onSend(changed, to)
      if (changed === undefined) return
    }
    this.environment.send(to, changed)
  }

  private learnOwnRecord(record: MemberRecord): void {
    const isNewer = this.record === undefined || record.heartbeat > this.record.heartbeat
    if (isNewer && equalBytes(record.id, this.environment.idOf(this.environment.self))) this.record = record
  }

  private remember(peer: PeerHandle): void {
    if (this.victims.includes(peer)) return
    this.victims[this.nextVictim] = peer
    this.nextVictim = (this.nextVictim + 1) % MAX_VICTIMS
  }

  private scheduleAttack(): void {
    const attackers = this.behaviours.filter(behaviour => behaviour.onAttack !== undefined)
    if (attackers.length === 0) return
    this.cancelAttack = this.environment.setTimer(
      Math.ceil(ATTACK_INTERVAL_MS * (0.5 + this.random())),
      () => {
        this.scheduleAttack()
        const victims = shuffled(this.random, this.victims).slice(0, VICTIMS_PER_ATTACK)
        for (const attacker of attackers) attacker.onAttack?.(victims)
      },
    )
  }
}
