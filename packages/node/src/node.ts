import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accelerate } from '@onehop/accelerators'
import { BlockFilterIndex, Chain, type ChainOptions, TransactionIndex } from '@onehop/chain'
import { serializeHeader } from '@onehop/ledger'
import type { Network } from '@onehop/network'
import { createRpcServer, type NodeStatus, type RawParams, RpcDispatcher, type RpcServer } from '@onehop/rpc'
import type { SwarmSession, SwarmSessionOptions } from '@onehop/swarm-io'
import { createChainPort } from './chain-port.ts'
import { NodeClock } from './clock.ts'
import type { ContentOverlay } from './content/content-overlay.ts'
import { ContentService } from './content/content-service.ts'
import { isolationOf } from './content/isolation.ts'
import { OverlayPeers } from './content/overlay-peers.ts'
import { waitAtMost } from './content/readiness.ts'
import { Datadir } from './datadir.ts'
import { createIdentity } from './identity.ts'
import { RESTORE_WAIT_MS } from './limits.ts'
import { createLogger, type Logger } from './log.ts'
import { MempoolStore } from './mempool-store.ts'
import { createMetrics } from './metrics.ts'
import { MiningService } from './mining-service.ts'
import { configure, type NodeConfiguration, type NodeOptions } from './options.ts'
import { loadOverlay } from './overlay-choice.ts'
import { OverlayMeter } from './overlay-meter.ts'
import { allMethods } from './rpc-methods/all-methods.ts'
import type { MethodContext } from './rpc-methods/method-context.ts'
import { statusOf } from './rpc-methods/node-methods.ts'
import { btPortFailure, describeError, listenFailure, storeFailure } from './start-failures.ts'
import { USER_AGENT } from './version.ts'
import { inMemoryWalletFile, walletFileAt } from './wallet-file.ts'
import { walletHistoryAt } from './wallet-history.ts'
import { WalletService } from './wallet-service.ts'

/** A node that runs. */
export interface OnehopNode {
  /** URL of its RPC server; empty when it has none. */
  readonly rpcUrl: string
  /** Fulfilled when the node has stopped, whoever asked for it. */
  readonly stopped: Promise<void>
  status(): NodeStatus
  /** Calls an RPC method inside the process. @throws {RpcError} */
  call<T = unknown>(method: string, params?: RawParams): Promise<T>
  /** Ends everything in order; what was confirmed is on the disk already. */
  stop(): Promise<void>
}

/** Opens or makes the datadir, joins the network and answers RPC. @throws {ConfigurationError} and the errors of its parts. */
export async function startNode(options: NodeOptions = {}): Promise<OnehopNode> {
  const configuration = configure(options)
  const node = new RunningNode(configuration)
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw error
  }
  return node
}

/** What stops last was started first. */
type Closer = () => Promise<void> | void

class RunningNode implements OnehopNode {
  readonly stopped: Promise<void>
  private readonly configuration: NodeConfiguration
  private readonly datadir: Datadir | undefined
  private readonly log: Logger
  private readonly clock = new NodeClock()
  private readonly acceleration = accelerate()
  private readonly closers: Closer[] = []
  private readonly markStopped: () => void
  private readonly startedAtMs = performance.now()
  private network: Network | undefined
  private wallet: WalletService | undefined
  private content: ContentService | undefined
  private overlayPeers: OverlayPeers | undefined
  private readonly overlayMeter = new OverlayMeter()
  private context: MethodContext | undefined
  private dispatcher: RpcDispatcher | undefined
  private rpcServer: RpcServer | undefined
  private warmUp: string | undefined = 'Starting…'
  private stopping: Promise<void> | undefined

  constructor(configuration: NodeConfiguration) {
    this.configuration = configuration
    this.datadir =
      configuration.datadir === undefined ? undefined : new Datadir(configuration.datadir).create()
    this.log = createLogger(configuration.logLevel, this.datadir?.logFile)
    let markStopped = (): void => undefined
    this.stopped = new Promise(resolve => {
      markStopped = resolve
    })
    this.markStopped = markStopped
  }

  get rpcUrl(): string {
    return this.rpcServer?.url ?? ''
  }

  status(): NodeStatus {
    return statusOf(this.requireContext())
  }

  async call<T = unknown>(method: string, params?: RawParams): Promise<T> {
    if (this.dispatcher === undefined) throw new Error('the node does not run')
    const { signal } = new AbortController()
    return (await this.dispatcher.call(method, params, { signal, wallet: undefined })) as T
  }

  stop(): Promise<void> {
    this.stopping ??= this.close()
    return this.stopping
  }

  async start(): Promise<void> {
    const { peerToPeer, mineIntervalMs } = this.configuration
    this.logAcceleration()
    const chain = await Chain.open(this.chainOptions()).catch((error: unknown) => {
      throw storeFailure(error, this.datadir)
    })
    this.closers.push(() => chain.close())
    const mempoolStore = this.createMempoolStore(chain)
    this.closers.push(() => mempoolStore.close())
    const wallet = await WalletService.open(
      chain,
      this.datadir ? walletFileAt(this.datadir.walletFile) : inMemoryWalletFile(),
      this.datadir && walletHistoryAt(this.datadir.walletHistoryFile),
    )
    this.wallet = wallet
    this.closers.push(() => wallet.close())
    const mining = new MiningService({ chain, script: () => wallet.mainScript, log: this.log })
    this.closers.push(() => mining.close())
    this.context = this.createContext({ chain, mempoolStore, wallet, mining })
    await this.serveRpc(this.context)
    if (peerToPeer) await this.joinNetwork(chain)
    if (mineIntervalMs !== undefined) await mining.startInterval(mineIntervalMs)
    this.ready()
    void mempoolStore.load().catch((error: unknown) => {
      this.log.error({ error: describeError(error) }, 'the saved mempool could not be taken in')
    })
  }

  private logAcceleration(): void {
    const { verifier, hashes, fallbacks } = this.acceleration
    const { threads } = this.configuration
    this.log.info({ verifier: verifier.name, hashes: hashes.name, threads }, 'backends')
    for (const why of fallbacks) this.log.warn({ why }, 'a faster backend does not run here')
  }

  private createMempoolStore(chain: Chain): MempoolStore {
    const { log, datadir } = this
    return new MempoolStore({
      chain,
      log,
      nowSeconds: this.clock.nowSeconds,
      path: datadir?.mempoolFile,
    })
  }

  private chainOptions(): ChainOptions {
    const { parameters, txindex, blockFilterIndex, coinsCacheBytes, assumedValid, mempool, prune, threads } =
      this.configuration
    return {
      parameters,
      mempool,
      verifier: this.acceleration.verifier,
      threads,
      onThreadTrouble: message => this.log.warn(message),
      coinsCacheBytes,
      assumedValid,
      nowSeconds: this.clock.nowSeconds,
      ...(this.datadir === undefined ? {} : { datadir: this.datadir.path }),
      prune: prune && {
        targetBytes: prune.targetBytes,
        // Nothing is deleted before the wallet has read the chain.
        beforePruning: async height => this.wallet?.keepHistory(height),
      },
      indexes: [
        ...(txindex ? [new TransactionIndex()] : []),
        ...(blockFilterIndex ? [new BlockFilterIndex()] : []),
      ],
      onIndexFailure: (index, error) =>
        this.log.error({ index, error: describeError(error) }, 'an index follows the chain no more'),
    }
  }

  private createContext(
    parts: Pick<MethodContext, 'chain' | 'mempoolStore' | 'wallet' | 'mining'>,
  ): MethodContext {
    const node = this
    return {
      ...parts,
      configuration: this.configuration,
      parameters: this.configuration.parameters,
      startedAtMs: this.startedAtMs,
      overlayMeter: this.overlayMeter,
      log: this.log,
      clock: this.clock,
      acceleration: this.acceleration,
      get network() {
        return node.network
      },
      get content() {
        return node.content
      },
      rpcUrl: () => this.rpcUrl,
      requestStop: () => void setImmediate(() => void this.stop()),
    }
  }

  private async serveRpc(context: MethodContext): Promise<void> {
    this.dispatcher = new RpcDispatcher({
      methods: allMethods(context),
      warmUp: () => this.warmUp,
      // A block that somebody was told of is not lost by a crash.
      beforeAnswer: () => context.chain.durable(),
      onInternalError: (error, method) =>
        this.log.error({ method, error: describeError(error) }, 'a method failed'),
    })
    const { rpcPort } = this.configuration
    if (rpcPort === undefined) return
    const server = await createRpcServer({
      methods: this.dispatcher,
      port: rpcPort,
      metrics: createMetrics(context),
      content: (id, path) => this.content?.control.door(id, path),
      ...(this.datadir === undefined ? {} : { cookiePath: this.datadir.cookie }),
    })
    this.rpcServer = server
    this.closers.push(() => server.close())
  }

  private async joinNetwork(chain: Chain): Promise<void> {
    this.warmUp = 'Joining the network…'
    const { listen, relay, parameters, overlay } = this.configuration
    const [{ createNetwork }, factory, { SwarmSession }] = await Promise.all([
      import('@onehop/network'),
      loadOverlay(overlay, parameters.name === 'regtest' ? 'testnet' : 'default'),
      import('@onehop/swarm-io'),
    ])
    const session = new SwarmSession(this.sessionOptions())
    this.closers.push(() => session.close())
    const network = await createNetwork({
      privateKey: this.datadir?.identity() ?? createIdentity(),
      listen,
      relay,
      bootstrap: this.configuration.connect,
      genesisHash: parameters.genesis.header.hash,
      chain: createChainPort(chain),
      overlay: factory,
      agent: USER_AGENT,
      ...(this.datadir === undefined ? {} : { peersFile: this.datadir.peersFile }),
      log: (level, message, details) => this.log[level]({ ...details }, message),
      onSwarmStream: connection => session.accept(connection),
    }).catch((error: unknown) => {
      throw listenFailure(error, listen)
    })
    this.network = network
    this.closers.push(() => network.stop())
    this.announceWhatIsNew(chain, network)
    await this.startContent(session, network)
  }

  private sessionOptions(): SwarmSessionOptions {
    const { tcp, ...swarm } = this.configuration.swarm
    return {
      resumeDir: this.contentFolder(),
      ...swarm,
      ...(tcp === undefined ? {} : { tcp }),
      findPeers: (torrent, signal) => this.overlayPeers!.find(torrent, signal),
      log: (message, details) => this.log.info({ ...details }, message),
      onMisbehaviour: (peer, rejection) => {
        const isOfOurs = !peer.includes(':')
        if (rejection.blame === 'sender' && isOfOurs)
          this.network?.penalise(peer, `in a swarm: ${rejection.code}`)
      },
    }
  }

  private contentFolder(): string {
    if (this.datadir !== undefined) return this.datadir.content
    const folder = mkdtempSync(join(tmpdir(), 'onehop-content-'))
    this.closers.push(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }

  private announceWhatIsNew(chain: Chain, network: Network): void {
    const stops = [
      chain.on('tip', tip => network.announceTip(serializeHeader(tip.header))),
      chain.on('transaction', transaction => network.announceTransactions([transaction.wtxid])),
    ]
    this.closers.push(() => {
      for (const stop of stops) stop()
    })
  }

  private async startContent(session: SwarmSession, network: Network): Promise<void> {
    const { overlay: name, swarm } = this.configuration
    const overlay: ContentOverlay = this.overlayMeter.measured(network.overlay, {
      name,
      get isolation() {
        return isolationOf(name, network.peers())
      },
    })
    const peers = new OverlayPeers(overlay, network)
    this.overlayPeers = peers
    const downloadDir = this.datadir?.downloads ?? process.cwd()
    const content = new ContentService({ session, overlay, peers, downloadDir, log: this.log })
    this.content = content
    this.closers.push(
      network.on('addresses', addresses => {
        if (addresses.length > 0) void content.announceAgain()
      }),
    )
    await session.start().catch((error: unknown) => {
      throw btPortFailure(error, swarm.tcp?.port ?? 0)
    })
    const restored = content
      .restore()
      .catch((error: unknown) =>
        this.log.error({ error: describeError(error) }, 'content could not be offered again'),
      )
    await waitAtMost(restored, RESTORE_WAIT_MS)
  }

  private ready(): void {
    this.warmUp = undefined
    const { network } = this
    if (this.rpcServer === undefined) return
    this.datadir?.writeRpcFile({
      url: this.rpcServer.url,
      pid: process.pid,
      peerId: network?.peerId,
      addresses: network?.addresses() ?? [],
    })
    this.closers.push(() => this.datadir?.removeRpcFile())
    this.log.info({ rpc: this.rpcServer.url, peerId: network?.peerId }, 'ready')
  }

  private requireContext(): MethodContext {
    if (this.context === undefined) throw new Error('the node does not run')
    return this.context
  }

  /** Ends in the reverse order of the start. One part's failure does not keep the others from closing. */
  private async close(): Promise<void> {
    this.warmUp = 'Stopping…'
    for (const close of this.closers.reverse()) {
      try {
        await close()
      } catch (error) {
        this.log.error({ error: describeError(error) }, 'a part of the node did not close cleanly')
      }
    }
    this.markStopped()
  }
}
