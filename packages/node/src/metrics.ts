import { Gauge, Registry } from 'prom-client'
import type { MethodContext } from './rpc-methods/method-context.ts'

/** The node's figures in Prometheus's text form, read at the moment they are asked for. */
export function createMetrics(context: MethodContext): () => Promise<string> {
  const { chain } = context
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
  gauge('overlay_links', 'Peers with a warm overlay stream', () => context.network?.overlay.linkCount ?? 0)
  gauge(
    'overlay_sent_bytes',
    'Bytes of overlay messages sent',
    () => context.network?.overlay.stats().bytesSent ?? 0,
  )
  gauge(
    'overlay_received_bytes',
    'Bytes of overlay messages received',
    () => context.network?.overlay.stats().bytesReceived ?? 0,
  )
  gauge('contents', 'Files that are offered or fetched', () => context.content?.list().length ?? 0)
  gauge('resident_memory_bytes', 'Resident memory in bytes', () => process.memoryUsage.rss())
  return () => registry.metrics()
}
