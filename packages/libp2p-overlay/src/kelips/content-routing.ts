import { AbortError, type ContentRouting, type PeerId, type Provider } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { MAX_PUBLICATIONS } from '@onehop/kelips'
import { contentKey, type Outcome, type Pointer } from '@onehop/overlay'
import type { CID } from 'multiformats/cid'
import { parseAddress } from '../address-book.ts'
import { FIND_PROVIDERS_LIMIT } from '../limits.ts'
import { libp2pPeerId } from '../peer-table.ts'
import { NoPeersError, NotAcknowledgedError, TooManyProvisionsError } from './errors.ts'
import {
  effortOf,
  type KelipsRoutingOptions,
  type Provided,
  type ProvideFailed,
  reportProgress,
} from './events.ts'
import { hashOf, type Provisions } from './provisions.ts'
import { PushIterator } from './push-iterator.ts'
import type { RoutingPort } from './routing-port.ts'

/** What content routing needs of the service. */
export interface ContentRoutingPort extends RoutingPort {
  readonly provisions: Provisions
  readonly self: PeerId
  ownAddresses(): Multiaddr[]
  onProvided(provided: Provided): void
  onProvideFailed(failed: ProvideFailed): void
  onLookup(outcome: Outcome): void
}

/** `provide` and `findProviders` over Kelips: a CID's key is the hash of its multihash. */
export class KelipsContentRouting
  implements Pick<ContentRouting, 'provide' | 'cancelReprovide' | 'findProviders'>
{
  private readonly port: ContentRoutingPort
  /** Calls of `provide` under way that nobody has taken back, by multihash. */
  private readonly providing = new Map<string, { calls: number }>()

  constructor(port: ContentRoutingPort) {
    this.port = port
  }

  /**
   * Tells the members of the CID's affinity group, and goes on telling them until {@link cancelReprovide}, also after a
   * restart. A call that rejects leaves nothing behind.
   * @throws {NotStartedError} @throws {NoPeersError} @throws {NotAcknowledgedError} @throws {TooManyProvisionsError}
   * @throws the signal's reason.
   */
  async provide(cid: CID, options: KelipsRoutingOptions = {}): Promise<void> {
    try {
      const provided = await this.tell(cid, options.signal)
      reportProgress(options, 'kelips:provide:acknowledged', provided)
      this.port.onProvided(provided)
    } catch (cause) {
      const error = cause instanceof Error ? cause : new AbortError(String(cause))
      reportProgress(options, 'kelips:provide:failed', { cid, error })
      this.port.onProvideFailed({ cid, error })
      throw error
    }
  }

  /**
   * Takes it back, also from calls of `provide` that are under way. What nobody can be told of expires by itself. Once
   * it has begun the signal ends the waiting only.
   */
  async cancelReprovide(cid: CID, options: KelipsRoutingOptions = {}): Promise<void> {
    const overlay = this.port.running()
    options.signal?.throwIfAborted()
    this.providing.delete(hashOf(cid))
    await Promise.all([
      overlay.withdraw(contentKey(cid.multihash.bytes), { signal: options.signal }),
      this.port.provisions.delete(cid),
    ])
  }

  /** Yields every provider once, as its pointer arrives. Breaking off ends the lookup. */
  findProviders(cid: CID, options: KelipsRoutingOptions = {}): AsyncIterable<Provider> {
    if (options.useNetwork === false) return this.ownProvisions(cid)
    return new PushIterator<Provider>(iterator => {
      const breaking = new AbortController()
      const signal =
        options.signal === undefined ? breaking.signal : AbortSignal.any([options.signal, breaking.signal])
      this.search(cid, options, signal, provider => iterator.push(provider)).then(
        () => iterator.end(),
        error => iterator.fail(error),
      )
      return () => breaking.abort()
    })
  }

  /** Tells again what an earlier run has provided; failures are told by an event, and the machine goes on trying. */
  async provideAgain(cid: CID, signal: AbortSignal): Promise<void> {
    if (!this.port.provisions.has(cid)) return
    try {
      this.port.onProvided(await this.publish(cid, signal))
    } catch (error) {
      if (!signal.aborted) this.port.onProvideFailed({ cid, error: error as Error })
    }
  }

  private async tell(cid: CID, signal: AbortSignal | undefined): Promise<Provided> {
    const hash = hashOf(cid)
    const round = this.providing.get(hash) ?? { calls: 0 }
    this.providing.set(hash, round)
    round.calls++
    try {
      this.assertRoomFor(cid)
      const provided = await this.publish(cid, signal)
      if (this.providing.get(hash) !== round) throw new AbortError(`${cid.toString()} was taken back`)
      await this.port.provisions.add(cid)
      return provided
    } catch (error) {
      this.takeBack(cid, round)
      throw error
    } finally {
      round.calls--
      if (round.calls === 0 && this.providing.get(hash) === round) this.providing.delete(hash)
    }
  }

  private assertRoomFor(cid: CID): void {
    const { provisions } = this.port
    if (!provisions.has(cid) && provisions.size + this.providing.size > MAX_PUBLICATIONS)
      throw new TooManyProvisionsError(`a node provides at most ${MAX_PUBLICATIONS} CIDs`)
  }

  private async publish(cid: CID, signal: AbortSignal | undefined): Promise<Provided> {
    const overlay = await this.port.entered(signal)
    const key = contentKey(cid.multihash.bytes)
    const outcome = await overlay.publish({ kind: 'content', key }, { signal })
    assertAcknowledged(cid, outcome)
    return { cid, acknowledgements: outcome.acknowledgements, ...effortOf(outcome) }
  }

  /** Unless an earlier call provides it, or another one is about to. */
  private takeBack(cid: CID, round: { readonly calls: number }): void {
    const current = this.providing.get(hashOf(cid))
    const others = current === round ? round.calls - 1 : (current?.calls ?? 0)
    if (this.port.provisions.has(cid) || others > 0) return
    const key = contentKey(cid.multihash.bytes)
    Promise.resolve()
      .then(() => this.port.running().withdraw(key))
      .catch(error => this.port.log('%c was not taken back: %e', cid, error))
  }

  private async search(
    cid: CID,
    options: KelipsRoutingOptions,
    signal: AbortSignal,
    onProvider: (provider: Provider) => void,
  ): Promise<void> {
    const overlay = await this.port.entered(signal).catch(error => {
      if (error instanceof NoPeersError) return undefined
      throw error
    })
    if (overlay === undefined) return
    const seen = new Set<string>()
    const outcome = await overlay.lookup(contentKey(cid.multihash.bytes), {
      limit: FIND_PROVIDERS_LIMIT,
      signal,
      onPointer: pointer => {
        const provider = providerOf(pointer)
        if (provider === undefined || seen.has(provider.id.toString())) return
        seen.add(provider.id.toString())
        onProvider(provider)
        reportProgress(options, 'kelips:find-providers:provider', provider)
      },
    })
    this.port.onLookup(outcome)
    reportProgress(options, 'kelips:find-providers:end', { cid, ...effortOf(outcome) })
  }

  private async *ownProvisions(cid: CID): AsyncGenerator<Provider> {
    const { provisions, self } = this.port
    if (provisions.has(cid)) yield { id: self, multiaddrs: this.port.ownAddresses(), routing: 'kelips' }
  }
}

/** @throws when nobody has confirmed. */
function assertAcknowledged(cid: CID, { failure, acknowledgements }: Outcome): void {
  if (failure === 'cancelled') throw new AbortError('the node stopped')
  if (failure === 'no peers') throw new NoPeersError('no peer is known that could be told')
  if (failure !== undefined) throw new NotAcknowledgedError(cid)
  if (acknowledgements === 0) throw new NoPeersError('no peer is known beside this node')
}

/** Undefined for a pointer of somebody who is no libp2p peer. */
function providerOf({ provider, addresses }: Pointer): Provider | undefined {
  try {
    const multiaddrs = addresses.map(parseAddress).filter(address => address !== undefined)
    return { id: libp2pPeerId(provider), multiaddrs, routing: 'kelips' }
  } catch {
    return undefined
  }
}
