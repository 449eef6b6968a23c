import type { Inspection } from '@onehop/overlay'
import type { ContentSummary } from '@onehop/rpc'
import { Gauge, Registry } from 'prom-client'
import type { MethodContext } from './rpc-methods/method-context.ts'

/** The node's figures in Prometheus's text form, read at the moment they are asked for. */
export function createMetrics(context: MethodContext): () => Promise<string> {
  const { chain, overlayMeter } = context
  const registry = new Registry()
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `onehop_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  gauge('chain_height', 'Height of the tip', () => chain.tip.height)
  gauge('chain_headers', 'Height of the best header', () => chain.headerTree.best.height)
  gauge('mempool_transactions', 'Transactions in the mempool', () => chain.mempool.size)
  gauge('mempool_bytes', 'Memory of the mempool in bytes', () => chain.mempool.bytes)
  gauge('peers', 'Connected peers', () => context.network?.peers().length ?? 0)
  overlayMeter.registerIn(registry)
  showOverlayName(registry, context.configuration.overlay)
  const readOverlay = overlayGauges(context, gauge)
  contentGauges(context, gauge)
  gauge('resident_memory_bytes', 'Resident memory in bytes', () => process.memoryUsage.rss())
  return () => {
    readOverlay()
    return registry.metrics()
  }
}

/** What is offered and fetched, all together. */
function contentGauges(context: MethodContext, gauge: ShowGauge): void {
  const sumOf = (figure: (content: ContentSummary) => number) => () =>
    (context.content?.list() ?? []).reduce((sum, content) => sum + figure(content), 0)
  gauge(
    'contents',
    'Files that are offered or fetched',
    sumOf(() => 1),
  )
  gauge(
    'content_peers',
    'Connected peers of contents',
    sumOf(({ peers }) => peers),
  )
  gauge(
    'content_download_bytes_per_second',
    'Rate of what is fetched',
    sumOf(({ downloadBytesPerSecond }) => downloadBytesPerSecond),
  )
  gauge(
    'content_upload_bytes_per_second',
    'Rate of what is sent',
    sumOf(({ uploadBytesPerSecond }) => uploadBytesPerSecond),
  )
  gauge(
    'content_downloaded_bytes',
    'Fetched of all contents that are here',
    sumOf(each => each.downloadedBytes),
  )
  gauge(
    'content_uploaded_bytes',
    'Sent of all contents that are here',
    sumOf(each => each.uploadedBytes),
  )
}

/** Shows a figure that is read when it is asked for. */
type ShowGauge = (name: string, help: string, read: () => number) => void

/** Which overlay the other figures are of. */
function showOverlayName(registry: Registry, overlay: string): void {
  const name = 'onehop_overlay_info'
  const gauge = new Gauge({
    name,
    help: 'The overlay that the node runs',
    labelNames: ['overlay'],
    registers: [registry],
  })
  gauge.set({ overlay }, 1)
}

type TableFigure = readonly [name: string, help: string, field: string]

/** Figures of the overlay's tables, which the machine tells of itself by its own names: those that all have. */
const TABLE_FIGURES: readonly TableFigure[] = [
  ['overlay_publications', 'Pointers of this node', 'publications'],
  ['overlay_table_bytes', 'Memory of the tables in bytes', 'memoryBytes'],
]

const KELIPS_FIGURES: readonly TableFigure[] = [
  ['overlay_groups', 'Affinity groups of the network (k), as this node sees it', 'k'],
  ['overlay_estimated_nodes', 'Nodes of the network, estimated', 'estimatedNodes'],
  ['overlay_estimated_files', 'Keys in the network, estimated', 'estimatedFiles'],
  ['overlay_view_members', 'Members of the own group in view', 'view'],
  ['overlay_contacts', 'Contacts in other groups', 'contacts'],
  ['overlay_filetuples', 'Pointers held for the network', 'filetupleCount'],
  ['overlay_background_bytes', 'Bytes that gossip, probes and refreshes have sent', 'backgroundBytes'],
]

const CLASSIC_FIGURES: readonly TableFigure[] = [['overlay_load', 'Pointers held for others', 'load']]

/** @returns takes a new look at the overlay: its tables are gone through once for all figures. */
function overlayGauges(context: MethodContext, gauge: ShowGauge): () => void {
  const overlay = () => context.network?.overlay
  gauge('overlay_links', 'Peers with a warm overlay stream', () => overlay()?.linkCount ?? 0)
  gauge('overlay_sent_bytes', 'Bytes of overlay messages sent', () => overlay()?.stats().bytesSent ?? 0)
  gauge(
    'overlay_received_bytes',
    'Bytes of overlay messages received',
    () => overlay()?.stats().bytesReceived ?? 0,
  )
  let tables: Inspection = {}
  const own = context.configuration.overlay === 'kelips' ? KELIPS_FIGURES : CLASSIC_FIGURES
  for (const [name, help, field] of [...TABLE_FIGURES, ...own]) gauge(name, help, () => sizeOf(tables[field]))
  return () => {
    tables = overlay()?.inspect() ?? {}
  }
}

/** A figure, or how many entries a list has; 0 for what this overlay does not tell. */
function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length
  return typeof value === 'number' ? value : 0
}
