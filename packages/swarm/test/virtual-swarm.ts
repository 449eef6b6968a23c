import { type Rejection, SeededRandom, sha1, sha256, type Verdict } from '@onehop/primitives'
import {
  Bitfield,
  type BlockRange,
  type Choker,
  createInfo,
  encodeMessage,
  isPieceGood,
  type NewPeer,
  type PeerAddress,
  type PeerKey,
  type PieceLayers,
  pieceCheckAt,
  pieceCount,
  pieceCountOf,
  pieceLengthAt,
  TICK_INTERVAL_MS,
  type TorrentInfo,
  TorrentMachine,
  type TransferLimits,
  WireDecoder,
  type WireMessage,
} from '@onehop/swarm'

/** Bytes that follow from the seed. */
export function contentOf(lengthBytes: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed)
  const words = new Uint32Array(Math.ceil(lengthBytes / 4)).map(() => random.nextUint32())
  return new Uint8Array(words.buffer, 0, lengthBytes)
}

/** Content whose bytes follow from the seed, and its torrent. */
export function makeContent(
  lengthBytes: number,
  pieceLengthBytes = 64 * 1024,
  seed = 1,
  options: { readonly isPrivate?: boolean } = {},
) {
  const content = contentOf(lengthBytes, seed)
  const pieces = pieceCountOf(lengthBytes, pieceLengthBytes)
  const pieceHashes = new Uint8Array(pieces * 20)
  for (let piece = 0; piece < pieces; piece++) {
    pieceHashes.set(
      sha1(content.subarray(piece * pieceLengthBytes, (piece + 1) * pieceLengthBytes)),
      piece * 20,
    )
  }
  const info = createInfo(
    { name: 'content.bin', lengthBytes, pieceLengthBytes, pieceHashes, ...options },
    sha1,
  )
  if (!info.ok) throw new Error(info.code)
  return { content, info: info.value }
}

interface Link {
  readonly to: VirtualPeer
  readonly toKey: PeerKey
  isOpen: boolean
}

export interface VirtualPeerOptions {
  readonly content?: Uint8Array
  /** Pieces that it has at the start. Default: all when there is content, else none. */
  readonly have?: Bitfield
  /** Whether it knows the info dictionary. */
  readonly knowsInfo?: boolean
  /** What it knows of the hashes of v2's pieces beside the info dictionary. */
  readonly pieceLayers?: PieceLayers
  readonly choker?: Choker
  readonly uploadBytesPerMs?: number
  /** What its handshake says that it understands: by default everything. */
  readonly extensions?: boolean
  readonly fast?: boolean
  /** Whether its handshake says that it knows version 2 (BEP 52); default: it does not. */
  readonly v2?: boolean
  /** Where others see it. */
  readonly address?: PeerAddress
  readonly listenPort?: number
  /** Its machine sees nothing of what arrives: the test plays its part. */
  readonly isDeaf?: boolean
  readonly limits?: TransferLimits
  /** Replaces a message before it goes out; undefined swallows it. */
  readonly tamper?: (message: WireMessage) => WireMessage | undefined
}

/** A node of a {@link VirtualSwarm}: a machine, and storage in memory. */
export class VirtualPeer {
  readonly name: string
  readonly machine: TorrentMachine
  readonly stored: Uint8Array
  readonly drops: { readonly remotePeer: string; readonly reason: Verdict }[] = []
  readonly sent = new Map<WireMessage['type'], number>()
  private readonly bytesByType = new Map<WireMessage['type'], number>()
  /** Sees every message that goes out. */
  observe: (message: WireMessage) => void = () => {}
  onVerified: (piece: number) => void = () => {}
  completedAtMs: number | undefined
  refusal: Rejection | undefined
  failWrites = false
  /** Addresses from peer exchange, and those where connected peers say that they listen. */
  readonly learned: PeerAddress[] = []
  readonly listening: PeerAddress[] = []
  readonly links = new Map<PeerKey, Link>()
  private readonly swarm: VirtualSwarm
  private readonly options: VirtualPeerOptions
  private readonly busy = new Set<PeerKey>()

  constructor(swarm: VirtualSwarm, name: string, options: VirtualPeerOptions) {
    this.swarm = swarm
    this.name = name
    this.options = options
    const { info } = swarm
    this.stored = new Uint8Array(info.lengthBytes)
    if (options.content) this.stored.set(options.content)
    const knowsInfo = options.knowsInfo ?? true
    this.machine = new TorrentMachine({
      infohash: info.infohash,
      environment: {
        now: () => swarm.nowMs,
        random: swarm.random.next,
        sha1,
        send: (peer, message) => this.send(peer, message),
        drop: (peer, reason) => this.onDrop(peer, reason),
        uploadsReady: peer => this.upload(peer),
        storePiece: (piece, bytes) => this.store(piece, bytes),
        metadataReady: () => swarm.after(1, () => this.machine.start(new Bitfield(pieceCount(info)))),
        metadataRefused: verdict => {
          if (!verdict.ok) this.refusal = verdict
        },
        pieceVerified: piece => this.onVerified(piece),
        completed: () => {
          this.completedAtMs = swarm.nowMs
        },
        peersLearned: addresses => {
          this.learned.push(...addresses)
        },
        peerListensAt: (_, address) => {
          this.listening.push(address)
        },
      },
      ...(knowsInfo ? { info } : {}),
      ...(options.pieceLayers ? { pieceLayers: options.pieceLayers } : {}),
      ...(options.choker ? { choker: options.choker } : {}),
      ...(options.listenPort ? { listenPort: options.listenPort } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
    })
    const all = options.content ? Bitfield.full(pieceCount(info)) : new Bitfield(pieceCount(info))
    if (knowsInfo) this.machine.start(options.have ?? all)
  }

  /** The pieces that it has, in order. */
  *havePieces(): Generator<number> {
    const { have } = this.machine
    for (let piece = 0; piece < (have?.length ?? 0); piece++) if (have!.has(piece)) yield piece
  }

  /** What its handshake tells others. */
  get introduction(): Omit<NewPeer, 'key' | 'isOutbound'> {
    const { extensions = true, fast = true, v2 = false, address } = this.options
    return {
      remotePeer: this.name,
      extensions,
      fast,
      v2,
      peerId: new Uint8Array(20),
      ...(address ? { address } : {}),
    }
  }

  get isComplete(): boolean {
    return this.completedAtMs !== undefined
  }

  /** Sends a message past the machine, as a misbehaving peer would. */
  send(key: PeerKey, message: WireMessage): void {
    const outgoing = this.options.tamper ? this.options.tamper(message) : message
    if (!outgoing) return
    this.observe(outgoing)
    const bytes = encodeMessage(outgoing)
    this.sent.set(outgoing.type, (this.sent.get(outgoing.type) ?? 0) + 1)
    this.bytesByType.set(outgoing.type, this.sentBytes(outgoing.type) + bytes.length)
    this.sendBytes(key, bytes)
  }

  /** Of one type of message, its framing included. */
  sentBytes(type: WireMessage['type']): number {
    return this.bytesByType.get(type) ?? 0
  }

  sendBytes(key: PeerKey, bytes: Uint8Array): void {
    const link = this.links.get(key)
    if (!link) return
    this.swarm.after(this.swarm.latencyMs, () => {
      if (link.isOpen) link.to.receive(link.toKey, bytes)
    })
  }

  private readonly decoders = new Map<PeerKey, WireDecoder>()

  attach(key: PeerKey, link: Link): void {
    this.links.set(key, link)
    const { machine } = this
    this.decoders.set(
      key,
      new WireDecoder({
        onMessage: message => machine.onMessage(key, message),
        onBlockStart: (piece, begin, length) => machine.onBlockStart(key, piece, begin, length),
        onBlockBytes: bytes => machine.onBlockBytes(key, bytes),
        onBlockEnd: () => machine.onBlockEnd(key),
      }),
    )
  }

  receive(key: PeerKey, bytes: Uint8Array): void {
    const decoder = this.decoders.get(key)
    if (!decoder || this.options.isDeaf) return
    const verdict = decoder.push(bytes)
    if (!verdict.ok) this.machine.onMalformed(key, verdict)
    else this.machine.afterBatch(key)
  }

  disconnect(key: PeerKey): void {
    const link = this.links.get(key)
    if (!link) return
    link.isOpen = false
    this.links.delete(key)
    this.decoders.get(key)?.stop()
    this.decoders.delete(key)
    this.machine.removePeer(key)
  }

  private onDrop(key: PeerKey, reason: Verdict): void {
    const link = this.links.get(key)
    if (!link) return
    this.drops.push({ remotePeer: link.to.name, reason })
    this.disconnect(key)
    this.swarm.after(this.swarm.latencyMs, () => link.to.disconnect(link.toKey))
  }

  private upload(key: PeerKey): void {
    if (this.busy.has(key)) return
    this.busy.add(key)
    const next = () => {
      const range = this.machine.takeUpload(key)
      if (!range) {
        this.busy.delete(key)
        return
      }
      this.send(key, { type: 'piece', piece: range.piece, begin: range.begin, block: this.blockOf(range) })
      this.swarm.after(range.length / (this.options.uploadBytesPerMs ?? 4096), next)
    }
    this.swarm.after(0, next)
  }

  private blockOf({ piece, begin, length }: BlockRange): Uint8Array {
    const start = piece * this.swarm.info.pieceLengthBytes + begin
    return this.stored.slice(start, start + length)
  }

  private store(piece: number, bytes: Uint8Array): void {
    this.swarm.after(1, () => {
      if (this.failWrites) return this.machine.onPieceStored(piece, 'failed')
      const { info } = this.swarm
      const check = pieceCheckAt(info, piece, this.machine.pieceLayers)!
      const isGood =
        bytes.length === pieceLengthAt(info, piece) && isPieceGood(bytes, check, { sha1, sha256 })
      if (isGood) this.stored.set(bytes, piece * info.pieceLengthBytes)
      return this.machine.onPieceStored(piece, isGood ? 'stored' : 'corrupt')
    })
  }
}

/** Machines in virtual time, joined by streams with latency. The same seed gives the same run. */
export class VirtualSwarm {
  nowMs = 1_000_000
  readonly info: TorrentInfo
  readonly latencyMs: number
  readonly random: SeededRandom
  readonly peers: VirtualPeer[] = []
  private readonly events: { atMs: number; sequence: number; run: () => void }[] = []
  private sequence = 0
  private nextKey = 1

  constructor(info: TorrentInfo, { latencyMs = 10, seed = 7 } = {}) {
    this.info = info
    this.latencyMs = latencyMs
    this.random = new SeededRandom(seed)
    this.scheduleTick()
  }

  private scheduleTick(): void {
    this.after(TICK_INTERVAL_MS, () => {
      for (const peer of this.peers) peer.machine.tick()
      this.scheduleTick()
    })
  }

  addPeer(name: string, options: VirtualPeerOptions = {}): VirtualPeer {
    const peer = new VirtualPeer(this, name, options)
    this.peers.push(peer)
    return peer
  }

  /** @returns the keys of the link at `a` and at `b`. */
  connect(a: VirtualPeer, b: VirtualPeer): [PeerKey, PeerKey] {
    const aKey = this.nextKey++ as PeerKey
    const bKey = this.nextKey++ as PeerKey
    a.attach(aKey, { to: b, toKey: bKey, isOpen: true })
    b.attach(bKey, { to: a, toKey: aKey, isOpen: true })
    const agreed = {
      extensions: a.introduction.extensions && b.introduction.extensions,
      fast: a.introduction.fast && b.introduction.fast,
    }
    const introduced = a.machine.addPeer({ ...b.introduction, ...agreed, key: aKey, isOutbound: true })
    if (introduced.ok) b.machine.addPeer({ ...a.introduction, ...agreed, key: bKey, isOutbound: false })
    return [aKey, bKey]
  }

  after(delayMs: number, run: () => void): void {
    this.events.push({ atMs: this.nowMs + delayMs, sequence: this.sequence++, run })
    this.siftUp(this.events.length - 1)
  }

  /** Lets time pass until the condition holds. @returns whether it came to hold within `limitMs`. */
  runUntil(condition: () => boolean, limitMs = 600_000): boolean {
    const endMs = this.nowMs + limitMs
    while (!condition()) {
      const first = this.events[0]
      if (!first || first.atMs > endMs) {
        this.nowMs = endMs
        return false
      }
      this.pop()
      this.nowMs = first.atMs
      first.run()
    }
    return true
  }

  run(spanMs: number): void {
    this.runUntil(() => false, spanMs)
  }

  private isBefore(a: number, b: number): boolean {
    const [first, second] = [this.events[a]!, this.events[b]!]
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.sequence < second.sequence)
  }

  private swap(a: number, b: number): void {
    const held = this.events[a]!
    this.events[a] = this.events[b]!
    this.events[b] = held
  }

  private siftUp(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.isBefore(at, parent)) return
      this.swap(at, parent)
      at = parent
    }
  }

  private pop(): void {
    const last = this.events.pop()!
    if (this.events.length === 0) return
    this.events[0] = last
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.events.length && this.isBefore(child, least)) least = child
      }
      if (least === at) return
      this.swap(at, least)
      at = least
    }
  }
}
