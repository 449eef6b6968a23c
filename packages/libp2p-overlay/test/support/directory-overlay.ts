import type {
  Environment,
  LookupOptions,
  Outcome,
  OverlayFactory,
  OverlayMachine,
  PeerHandle,
  Pointer,
  Publication,
} from '@onehop/overlay'
import { bytesToHex, DecodeError, hexToBytes, invalid } from '@onehop/primitives'

/** Messages of the overlay below. */
export type DirectoryMessage =
  | { readonly type: 'hello'; readonly addresses: string[] }
  | { readonly type: 'peers'; readonly peers: { id: string; addresses: string[] }[] }
  | { readonly type: 'store'; readonly key: string }
  | { readonly type: 'stored'; readonly key: string }
  | { readonly type: 'ask'; readonly key: string }
  | { readonly type: 'found'; readonly key: string }
  | { readonly type: 'bye' }
  | { readonly type: 'lie' }

/** What the tests see of a machine. */
export interface DirectoryProbe {
  environment: Environment<DirectoryMessage>
  machine: OverlayMachine<DirectoryMessage>
  received: DirectoryMessage[]
  unreachable: string[]
}

function outcome(changes: Partial<Outcome> = {}): Outcome {
  return { pointers: [], hops: 1, messages: 1, attempts: 1, elapsedMs: 0, acknowledgements: 0, ...changes }
}

function pointerTo(key: Uint8Array): Pointer {
  const [provider, signature] = [new Uint8Array(38), new Uint8Array(64)]
  return { version: 1, kind: 'content', key, provider, addresses: [], sequence: 1, expiresAt: 1, signature }
}

const TYPES = new Set(['hello', 'peers', 'store', 'stored', 'ask', 'found', 'bye', 'lie'])

/** JSON: for tests only. */
const codec = {
  encode: (message: DirectoryMessage) => new TextEncoder().encode(JSON.stringify(message)),
  decode: (bytes: Uint8Array): DirectoryMessage => {
    try {
      const message = JSON.parse(new TextDecoder().decode(bytes)) as DirectoryMessage
      if (TYPES.has(message.type)) return message
    } catch {}
    throw new DecodeError('no directory message')
  },
  encodedLength: (message: DirectoryMessage) => codec.encode(message).length,
}

class DirectoryMachine implements OverlayMachine<DirectoryMessage> {
  readonly guarantee = 'best effort'
  readonly peers = new Map<PeerHandle, string[]>()
  readonly keys = new Set<string>()
  readonly received: DirectoryMessage[] = []
  readonly unreachable: string[] = []
  private readonly env: Environment<DirectoryMessage>
  private joined: ((outcome: Outcome) => void) | undefined
  private readonly acknowledged = new Map<string, () => void>()

  constructor(env: Environment<DirectoryMessage>) {
    this.env = env
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (introducers.length === 0) done(outcome())
    else this.joined = done
    for (const peer of introducers) this.greet(peer)
  }

  leave(): void {
    for (const peer of this.peers.keys()) this.env.send(peer, { type: 'bye' })
  }

  receive(from: PeerHandle, message: DirectoryMessage): void {
    this.received.push(message)
    switch (message.type) {
      case 'hello':
        this.learn(from, message.addresses)
        this.env.send(from, { type: 'peers', peers: this.everyone() })
        break
      case 'peers':
        for (const { id, addresses } of message.peers) this.meet(this.env.intern(hexToBytes(id)), addresses)
        this.joined?.(outcome())
        this.joined = undefined
        break
      case 'store':
        this.keys.add(message.key)
        this.env.send(from, { type: 'stored', key: message.key })
        break
      case 'ask':
        if (this.keys.has(message.key)) this.env.send(from, { type: 'found', key: message.key })
        break
      case 'stored':
      case 'found':
        this.acknowledged.get(message.key)?.()
        break
      case 'bye':
        this.forget(from)
        break
      case 'lie':
        this.env.penalise(from, invalid('lie'))
    }
  }

  onUnreachable(peer: PeerHandle): void {
    this.unreachable.push(bytesToHex(this.env.idOf(peer)))
    this.forget(peer)
    if (this.peers.size > 0) return
    this.joined?.(outcome({ failure: 'unreachable' }))
    this.joined = undefined
  }

  publish({ key }: Publication, done: (outcome: Outcome) => void): void {
    this.askAll('store', bytesToHex(key), 5_000, success =>
      done(success ? outcome({ acknowledgements: 1 }) : outcome({ failure: 'not acknowledged' })),
    )
  }

  withdraw(_key: Uint8Array, done: (outcome: Outcome) => void): void {
    done(outcome())
  }

  lookup(key: Uint8Array, options: LookupOptions, done: (outcome: Outcome) => void): () => void {
    return this.askAll('ask', bytesToHex(key), options.deadlineMs, success => {
      if (success) options.onPointer?.(pointerTo(key))
      done(success ? outcome() : outcome({ failure: 'timed out' }))
    })
  }

  inspect() {
    return { peers: this.peers.size }
  }

  private askAll(
    type: 'store' | 'ask',
    key: string,
    deadlineMs: number,
    done: (success: boolean) => void,
  ): () => void {
    const finish = (success: boolean) => {
      cancel()
      this.acknowledged.delete(key)
      done(success)
    }
    const cancel = this.env.setTimer(deadlineMs, () => finish(false))
    this.acknowledged.set(key, () => finish(true))
    for (const peer of this.peers.keys()) this.env.send(peer, { type, key })
    return cancel
  }

  private greet(peer: PeerHandle): void {
    this.peers.set(peer, this.peers.get(peer) ?? [])
    this.env.send(peer, { type: 'hello', addresses: this.env.addresses().map(bytesToHex) })
  }

  private meet(peer: PeerHandle, addresses: string[]): void {
    if (peer === this.env.self || this.peers.get(peer)?.length) return
    const isNew = !this.peers.has(peer)
    this.learn(peer, addresses)
    if (isNew) this.greet(peer)
  }

  private learn(peer: PeerHandle, addresses: string[]): void {
    this.peers.set(peer, addresses)
    this.env.learnAddresses(peer, addresses.map(hexToBytes))
  }

  private everyone() {
    const own = {
      id: bytesToHex(this.env.idOf(this.env.self)),
      addresses: this.env.addresses().map(bytesToHex),
    }
    const others = [...this.peers].map(([peer, addresses]) => ({
      id: bytesToHex(this.env.idOf(peer)),
      addresses,
    }))
    return [own, ...others]
  }

  private forget(peer: PeerHandle): void {
    this.peers.delete(peer)
    this.env.release(peer)
  }
}

/** The smallest overlay that has everything a driver must serve: everybody knows everybody. */
export function directoryOverlay(
  onCreate: (probe: DirectoryProbe) => void = () => {},
): OverlayFactory<DirectoryMessage> {
  return {
    protocol: 'directory/1',
    codec,
    create: environment => {
      const machine = new DirectoryMachine(environment)
      onCreate({ environment, machine, received: machine.received, unreachable: machine.unreachable })
      return machine
    },
  }
}
