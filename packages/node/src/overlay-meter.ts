import type { Outcome } from '@onehop/overlay'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { ContentOverlay } from './content/content-overlay.ts'

/** From a warm connection in one house to the deadline of a lookup, in seconds. */
const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const HOP_BUCKETS = [0, 1, 2, 3, 4, 5, 6, 8, 16]

/** What is asked of the overlay, as figures name it. */
type Operation = 'lookup' | 'search' | 'publish' | 'delivery'

/** What is asked of the overlay itself. */
type MeasuredOverlay = Omit<ContentOverlay, 'name' | 'isolation'>

/** Counts and times what this node asks of the overlay. */
export class OverlayMeter {
  private readonly operations = new Counter({
    name: 'onehop_overlay_operations_total',
    help: 'What was asked of the overlay, by how it ended',
    labelNames: ['operation', 'result'],
    registers: [],
  })
  private readonly seconds = new Histogram({
    name: 'onehop_overlay_operation_seconds',
    help: 'Time until it ended',
    labelNames: ['operation'],
    buckets: LATENCY_BUCKETS_S,
    registers: [],
  })
  private readonly hops = new Histogram({
    name: 'onehop_overlay_hops',
    help: 'Hops of answers: 0 from the own tables, 1 from the first peer asked',
    labelNames: ['operation'],
    buckets: HOP_BUCKETS,
    registers: [],
  })

  /** Shows the figures there. */
  registerIn(registry: Registry): void {
    for (const metric of [this.operations, this.seconds, this.hops]) registry.registerMetric(metric)
  }

  /** The same overlay; what is asked of it is counted. What a caller aborts has no outcome. */
  measured(overlay: MeasuredOverlay, node: Pick<ContentOverlay, 'name' | 'isolation'>): ContentOverlay {
    const counted = async (operation: Operation, outcome: Promise<Outcome>) => {
      this.observe(operation, await outcome)
      return outcome
    }
    return {
      name: node.name,
      get isolation() {
        return node.isolation
      },
      get isReady() {
        return overlay.isReady
      },
      get canSearch() {
        return overlay.canSearch
      },
      get mostPublications() {
        return overlay.mostPublications
      },
      ready: overlay.ready,
      noteDownload: pointer => overlay.noteDownload(pointer),
      withdraw: (key, options) => overlay.withdraw(key, options),
      publish: (publication, options) => counted('publish', overlay.publish(publication, options)),
      lookup: (key, request) => counted('lookup', overlay.lookup(key, request)),
      search: (words, request) => counted('search', overlay.search(words, request)),
      requestDelivery: async (pointer, options) => {
        const outcome = await overlay.requestDelivery(pointer, options)
        if (outcome !== undefined) this.observe('delivery', outcome)
        return outcome
      },
    }
  }

  private observe(operation: Operation, { failure, elapsedMs, hops }: Outcome): void {
    this.operations.inc({ operation, result: failure ?? 'success' })
    this.seconds.observe({ operation }, elapsedMs / 1000)
    if (failure === undefined) this.hops.observe({ operation }, hops)
  }
}
