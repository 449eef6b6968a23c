import type { CounterGroup, Histogram, Metrics } from '@libp2p/interface'
import type { Outcome } from '@onehop/overlay'
import type { KelipsOverlay } from './routing-port.ts'

/** What the service tells a metrics system, if the node has one. Names begin with `onehop_kelips_`. */
export class KelipsMetrics {
  private readonly operations: CounterGroup | undefined
  private readonly lookupMs: Histogram | undefined

  constructor(metrics: Metrics | undefined, overlay: () => KelipsOverlay | undefined) {
    this.operations = metrics?.registerCounterGroup('onehop_kelips_operations_total', {
      label: 'result',
      help: 'Provide calls and lookups, by how they ended',
    })
    this.lookupMs = metrics?.registerHistogram('onehop_kelips_lookup_milliseconds', {
      help: 'Time until a lookup ended',
    })
    metrics?.registerCounterGroup('onehop_kelips_bytes_total', {
      label: 'direction',
      help: 'Bytes of the overlay since the node started, framing and dials included',
      calculate: () => {
        const stats = overlay()?.stats()
        return { sent: stats?.trafficSent ?? 0, received: stats?.trafficReceived ?? 0 }
      },
    })
    metrics?.registerCounterGroup('onehop_kelips_messages_total', {
      label: 'direction',
      help: 'Messages of the overlay since the node started',
      calculate: () => {
        const stats = overlay()?.stats()
        return {
          sent: stats?.messagesSent ?? 0,
          received: stats?.messagesReceived ?? 0,
          dropped: stats?.messagesDropped ?? 0,
        }
      },
    })
    metrics?.registerMetric('onehop_kelips_links', {
      help: 'Peers with an open stream of the overlay',
      calculate: () => overlay()?.linkCount ?? 0,
    })
  }

  onProvide(isAcknowledged: boolean): void {
    this.operations?.increment({ [isAcknowledged ? 'provide acknowledged' : 'provide failed']: true })
  }

  onLookup({ pointers, elapsedMs }: Outcome): void {
    this.operations?.increment({ [pointers.length > 0 ? 'lookup found' : 'lookup empty']: true })
    this.lookupMs?.observe(elapsedMs)
  }
}
