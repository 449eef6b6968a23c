import type { AccelerationReport } from '@onehop/accelerators'
import type { Chain } from '@onehop/chain'
import type { ChainParameters } from '@onehop/ledger'
import type { Network } from '@onehop/network'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { NodeClock } from '../clock.ts'
import type { ContentService } from '../content/content-service.ts'
import type { Logger } from '../log.ts'
import type { MempoolStore } from '../mempool-store.ts'
import type { MiningService } from '../mining-service.ts'
import type { NodeConfiguration } from '../options.ts'
import type { OverlayMeter } from '../overlay-meter.ts'
import type { WalletService } from '../wallet-service.ts'

/** The parts of a node that its methods work on. */
export interface MethodContext {
  readonly configuration: NodeConfiguration
  readonly parameters: ChainParameters
  readonly chain: Chain
  readonly mempoolStore: MempoolStore
  readonly wallet: WalletService
  readonly mining: MiningService
  /** Absent when the node runs without peers. */
  readonly network: Network | undefined
  readonly content: ContentService | undefined
  /** What was asked of the overlay, in figures. */
  readonly overlayMeter: OverlayMeter
  readonly log: Logger
  readonly clock: NodeClock
  /** What this process hashes and verifies with. */
  readonly acceleration: AccelerationReport
  /** Milliseconds since the process's monotonic clock began, at the start. */
  readonly startedAtMs: number
  /** URL of the RPC server; empty when there is none. */
  rpcUrl(): string
  /** Ends the node, after the call has been answered. */
  requestStop(): void
}

/** @throws {RpcError} -9 when the node runs without peers. */
export function networkOf({ network }: MethodContext): Network {
  if (network === undefined) throw new RpcError(RPC_CODE.clientNotConnected, 'This node runs without peers.')
  return network
}

/** @throws {RpcError} -9 when the node runs without peers. */
export function contentOf({ content }: MethodContext): ContentService {
  if (content === undefined) throw new RpcError(RPC_CODE.clientNotConnected, 'This node runs without peers.')
  return content
}
