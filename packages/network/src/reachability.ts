import type { Libp2p } from '@libp2p/interface'
import type { HostServices } from './host.ts'

/** Follows at which addresses others can dial a node: relays come and go. */
export class Reachability<Message> {
  private readonly libp2p: Libp2p<HostServices<Message>>
  private readonly onChange: (addresses: readonly string[]) => void
  private readonly waiters = new Set<() => void>()
  private known = ''

  constructor(libp2p: Libp2p<HostServices<Message>>, onChange: (addresses: readonly string[]) => void) {
    this.libp2p = libp2p
    this.onChange = onChange
    // libp2p changes its own list after it has told of the listener.
    const look = () => setImmediate(() => this.look())
    libp2p.addEventListener('transport:listening', look)
    libp2p.addEventListener('transport:close', look)
  }

  addresses(): string[] {
    return this.libp2p.getMultiaddrs().map(address => address.toString())
  }

  /** Waits until there is an address, or so long. Never rejects. */
  async found(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.addresses().length > 0) return
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    await new Promise<void>(resolve => {
      this.waiters.add(resolve)
      limit.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  private look(): void {
    const addresses = this.addresses()
    const text = [...addresses].sort().join(' ')
    if (text === this.known) return
    this.known = text
    if (addresses.length > 0) {
      for (const resolve of this.waiters) resolve()
      this.waiters.clear()
    }
    this.onChange(addresses)
  }
}
