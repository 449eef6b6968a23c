import type { Metrics, Topology } from '@libp2p/interface'
import type { Datastore } from 'interface-datastore'
import type { OverlayComponents } from '../components.ts'

/** What `kelips()` needs of a libp2p node. */
export interface KelipsComponents extends OverlayComponents {
  readonly registrar: OverlayComponents['registrar'] & {
    register(protocol: string, topology: Topology): Promise<string>
    unregister(id: string): void
  }
  /** Where it is remembered what this node provides. libp2p always has one; it may live in memory. */
  readonly datastore?: Datastore
  readonly metrics?: Metrics
}
