import { type Environment, MAX_ADDRESSES, type PeerEntry, type PeerId } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { MAX_HOSTS } from './limits.ts'

/** A servent that this node could connect to. */
interface Host {
  readonly entry: PeerEntry
  /** When it was last heard of. */
  heardMs: number
  /** Attempts in a row that failed. */
  failures: number
  /** Not tried before. */
  retryMs: number
}

/** How long hosts are remembered and left alone. */
export interface HostCacheOptions {
  readonly hostLifetimeMs: number
  /** First pause after a failure; doubles with each, up to 16 ×. */
  readonly hostRetryMs: number
}

const MOST_DOUBLINGS = 4

/**
 * Whom to connect to when a neighbour is wanted: those that Pongs and Byes named, without a promise that they live. A
 * host that does not answer stays for a while: a network that fell apart must find together again.
 */
export class HostCache {
  private readonly environment: Environment<never>
  private readonly options: HostCacheOptions
  private readonly hosts = new Map<string, Host>()

  constructor(environment: Environment<never>, options: HostCacheOptions) {
    this.environment = environment
    this.options = options
  }

  get size(): number {
    return this.hosts.size
  }

  get byteLength(): number {
    let length = 0
    for (const { entry } of this.hosts.values()) {
      length += entry.id.length
      for (const address of entry.addresses) length += address.length
    }
    return length
  }

  /** A Pong or a Bye has named it. */
  learn(entry: PeerEntry): void {
    if (entry.addresses.length === 0 || entry.addresses.length > MAX_ADDRESSES) return
    const name = bytesKey(entry.id)
    const known = this.hosts.get(name)
    if (known === undefined && name === bytesKey(this.environment.idOf(this.environment.self))) return
    if (known === undefined && this.hosts.size >= MAX_HOSTS) this.evict()
    const { failures, retryMs } = known ?? { failures: 0, retryMs: 0 }
    this.hosts.set(name, { entry, heardMs: this.environment.now(), failures, retryMs })
  }

  /** It answered an attempt to connect, or is a neighbour that lives. */
  noteAlive(id: PeerId): void {
    const host = this.hosts.get(bytesKey(id))
    if (host === undefined) return
    host.failures = 0
    host.heardMs = this.environment.now()
  }

  /** It did not answer, or had no place. @param isBusy it is there, and that is all that was wrong. */
  noteRefusal(id: PeerId, isBusy: boolean): void {
    const host = this.hosts.get(bytesKey(id))
    if (host === undefined) return
    const pauseMs = this.options.hostRetryMs * 2 ** Math.min(host.failures, MOST_DOUBLINGS)
    if (!isBusy) host.failures++
    host.retryMs = this.environment.now() + Math.ceil(pauseMs * (0.5 + this.environment.random()))
  }

  /** One that may be tried now, at random; one that did not fail if there is one. */
  pick(isWanted: (id: PeerId) => boolean): PeerEntry | undefined {
    const nowMs = this.environment.now()
    const due = [...this.hosts.values()].filter(({ retryMs }) => retryMs <= nowMs)
    const first = Math.floor(this.environment.random() * due.length)
    const turned = [...due.slice(first), ...due.slice(0, first)]
    const isGood = ({ failures }: Host) => failures === 0
    const picked =
      turned.find(host => isGood(host) && isWanted(host.entry.id)) ??
      turned.find(host => !isGood(host) && isWanted(host.entry.id))
    return picked?.entry
  }

  /** Some that did not fail, at random. */
  sample(most: number, isWanted: (id: PeerId) => boolean): PeerEntry[] {
    const good = [...this.hosts.values()].filter(
      ({ failures, entry }) => failures === 0 && isWanted(entry.id),
    )
    const first = good.length === 0 ? 0 : Math.floor(this.environment.random() * good.length)
    const count = Math.min(most, good.length)
    return Array.from({ length: count }, (_, i) => good[(first + i) % good.length]!.entry)
  }

  /** Forgets those of whom nothing was heard for too long. */
  expire(): void {
    const oldestMs = this.environment.now() - this.options.hostLifetimeMs
    for (const [name, { heardMs }] of this.hosts) if (heardMs < oldestMs) this.hosts.delete(name)
  }

  clear(): void {
    this.hosts.clear()
  }

  /** The one that failed most often, or of several the one heard of longest ago. */
  private evict(): void {
    let worst: string | undefined
    let host: Host | undefined
    for (const [name, other] of this.hosts) {
      const isWorse =
        host === undefined ||
        other.failures > host.failures ||
        (other.failures === host.failures && other.heardMs < host.heardMs)
      if (isWorse) [worst, host] = [name, other]
    }
    if (worst !== undefined) this.hosts.delete(worst)
  }
}
