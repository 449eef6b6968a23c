import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  invalid,
  OK,
  type Result,
  refused,
  sha256,
  sha256d,
  type Verdict,
} from '@onehop/primitives'
import type { ChainPort, HeaderIntakePort, OpenedBlock } from '../../src/index.ts'

const HEADER_BYTES = 80
const INVALID_MARK = 0xff
/** What a transaction says that has a parent. */
const CHILD = /^child of ([0-9a-f]{64})/

interface Node {
  readonly header: Uint8Array
  readonly hash: Uint8Array
  readonly height: number
  readonly parent?: Node
}

/** 80 bytes: version 4, parent 32, SHA-256 of the body 32, salt 11, and a last byte that 0xff makes invalid. */
export function toyHeader(parent: Uint8Array, body: Uint8Array, salt = 0, mark = 0): Uint8Array {
  const rest = new Uint8Array(12)
  new DataView(rest.buffer).setUint32(0, salt)
  rest[11] = mark
  return concatBytes(new Uint8Array(4), parent, sha256(body), rest)
}

export function toyTransaction(text: string): { wtxid: Uint8Array; bytes: Uint8Array } {
  const bytes = new TextEncoder().encode(text)
  return { wtxid: sha256d(bytes), bytes }
}

/**
 * A chain with headers, bodies and a mempool, and no rules but these: a header ending in 0xff is invalid, a body must
 * match its header, a transaction that begins with `bad` is invalid and one that begins with `odd` is refused, and a
 * `child of` another waits for that.
 */
export class ToyChain implements ChainPort {
  readonly genesis: Node
  readonly accepted: string[] = []
  onTip: (header: Uint8Array) => void = () => {}
  onTransaction: (wtxid: Uint8Array) => void = () => {}
  private readonly nodes = new Map<string, Node>()
  private readonly bodies = new Map<string, Uint8Array>()
  private readonly mempool = new Map<string, Uint8Array>()
  private readonly refused = new Set<string>()
  /** Hash of the parent of each. */
  private readonly orphans = new Map<string, Uint8Array>()
  private bestHeader: Node
  private active: Node

  constructor(genesisText = 'genesis') {
    const body = new TextEncoder().encode(genesisText)
    const header = toyHeader(new Uint8Array(32), body)
    this.genesis = { header, hash: sha256d(header), height: 0 }
    this.nodes.set(bytesToHex(this.genesis.hash), this.genesis)
    this.bodies.set(bytesToHex(this.genesis.hash), concatBytes(header, body))
    this.bestHeader = this.genesis
    this.active = this.genesis
  }

  /** Adds blocks of our own on the tip. */
  async mine(count: number, salt = 0, bodyBytes = 100): Promise<Uint8Array> {
    for (let i = 0; i < count; i++) {
      const body = new Uint8Array(bodyBytes).fill((this.active.height + salt) & 0xff)
      await this.acceptBlock(concatBytes(toyHeader(this.active.hash, body, salt), body))
    }
    return this.active.header
  }

  get height(): number {
    return this.active.height
  }

  get tipHash(): string {
    return bytesToHex(this.active.hash)
  }

  tip() {
    return { height: this.active.height, hash: this.active.hash, chainWork: BigInt(this.active.height + 1) }
  }

  acceptHeader(header: Uint8Array): Verdict {
    return this.acceptHeaders([header])
  }

  openHeaders(): HeaderIntakePort {
    let last: Uint8Array | undefined
    return {
      locator: () => (last === undefined ? this.locator() : [last, ...this.locator()]),
      take: (headers, isFull) => {
        const verdict = this.acceptHeaders(headers)
        if (!verdict.ok) return verdict
        last = headers.length > 0 ? sha256d(headers.at(-1)!) : undefined
        return { ok: true, value: { next: isFull ? 'more' : 'nothing' } }
      },
    }
  }

  private locator(): Uint8Array[] {
    const hashes: Uint8Array[] = []
    let step = 1
    for (let node: Node | undefined = this.bestHeader; node; ) {
      hashes.push(node.hash)
      if (hashes.length > 10) step *= 2
      for (let i = 0; i < step && node; i++) node = node.parent
    }
    hashes.push(this.genesis.hash)
    return hashes
  }

  headersAfter(locator: readonly Uint8Array[], limit: number): Uint8Array[] {
    const path = this.pathOf(this.active)
    const known = locator.map(hash => path.findIndex(node => bytesToHex(node.hash) === bytesToHex(hash)))
    const from = known.find(index => index >= 0) ?? 0
    return path.slice(from + 1, from + 1 + limit).map(node => node.header)
  }

  private acceptHeaders(headers: readonly Uint8Array[]): Verdict {
    for (const header of headers) {
      const hash = sha256d(header)
      if (this.nodes.has(bytesToHex(hash))) continue
      if (header[HEADER_BYTES - 1] === INVALID_MARK) return invalid('high-hash')
      const parent = this.nodes.get(bytesToHex(header.subarray(4, 36)))
      if (parent === undefined) return refused('prev-blk-not-found')
      const node = { header: header.slice(), hash, height: parent.height + 1, parent }
      this.nodes.set(bytesToHex(hash), node)
      if (node.height > this.bestHeader.height) this.bestHeader = node
    }
    return OK
  }

  blocksToDownload(limit: number): Uint8Array[] {
    const missing: Uint8Array[] = []
    for (let node: Node | undefined = this.bestHeader; node; node = node.parent) {
      if (this.bodies.has(bytesToHex(node.hash))) break
      missing.push(node.hash)
    }
    return missing.reverse().slice(0, limit)
  }

  async getBlock(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.bodies.get(bytesToHex(hash))
  }

  /** Toys have no short form. */
  async getCompactBlock(): Promise<Uint8Array | undefined> {
    return undefined
  }

  async getBlockTransactions(): Promise<Result<Uint8Array | undefined>> {
    return { ok: true, value: undefined }
  }

  openCompactBlock(): Result<OpenedBlock> {
    return invalid('toys have no short form')
  }

  async acceptBlock(bytes: Uint8Array): Promise<Verdict> {
    const header = bytes.slice(0, HEADER_BYTES)
    const verdict = this.acceptHeaders([header])
    if (!verdict.ok) return verdict
    if (bytesToHex(sha256(bytes.subarray(HEADER_BYTES))) !== bytesToHex(header.subarray(36, 68)))
      return invalid('bad-txnmrklroot')
    const key = bytesToHex(sha256d(header))
    this.bodies.set(key, bytes.slice())
    this.accepted.push(key)
    this.activate()
    return OK
  }

  getTransaction(wtxid: Uint8Array): Uint8Array | undefined {
    return this.mempool.get(bytesToHex(wtxid))
  }

  /** A toy's txid is its wtxid. */
  getTransactionById(txid: Uint8Array): Uint8Array | undefined {
    return this.getTransaction(txid)
  }

  transactionId(bytes: Uint8Array): Result<Uint8Array> {
    return { ok: true, value: sha256d(bytes) }
  }

  hasSeenTransaction(wtxid: Uint8Array): boolean {
    return (
      this.hasTransaction(wtxid) || this.refused.has(bytesToHex(wtxid)) || this.orphans.has(bytesToHex(wtxid))
    )
  }

  missingParents(wtxid: Uint8Array): Uint8Array[] {
    const parent = this.orphans.get(bytesToHex(wtxid))
    return parent === undefined || this.hasTransaction(parent) ? [] : [parent]
  }

  addAnnouncer(): void {}

  forgetSource(): void {}

  hasTransaction(wtxid: Uint8Array): boolean {
    return this.mempool.has(bytesToHex(wtxid))
  }

  mempoolIds(): Uint8Array[] {
    return [...this.mempool.values()].map(bytes => sha256d(bytes))
  }

  minFeeRate(): bigint {
    return 0n
  }

  async acceptTransaction(bytes: Uint8Array): Promise<Verdict> {
    const text = new TextDecoder().decode(bytes)
    if (text.startsWith('bad')) return invalid('bad-txns')
    const wtxid = sha256d(bytes)
    if (text.startsWith('odd')) {
      this.refused.add(bytesToHex(wtxid))
      return refused('insufficient fee')
    }
    const [, parent] = CHILD.exec(text) ?? []
    if (parent !== undefined && !this.mempool.has(parent)) {
      this.orphans.set(bytesToHex(wtxid), hexToBytes(parent))
      return refused('bad-txns-inputs-missingorspent')
    }
    const isNew = !this.hasTransaction(wtxid)
    this.mempool.set(bytesToHex(wtxid), bytes)
    if (isNew) this.onTransaction(wtxid)
    return OK
  }

  /** Puts in what the rules refuse: for nodes that lie. */
  plant(transaction: Uint8Array): void {
    this.mempool.set(bytesToHex(sha256d(transaction)), transaction)
  }

  /** Makes the chain serve other bytes for a block: for nodes that lie. */
  corrupt(hash: Uint8Array, bytes: Uint8Array): void {
    this.bodies.set(bytesToHex(hash), bytes)
  }

  private activate(): void {
    const complete = this.pathOf(this.bestHeader)
    const end = complete.findIndex(node => !this.bodies.has(bytesToHex(node.hash)))
    const tip = end < 0 ? this.bestHeader : complete[end - 1]!
    if (tip.height <= this.active.height) return
    this.active = tip
    this.onTip(tip.header)
  }

  private pathOf(tip: Node): Node[] {
    const path: Node[] = []
    for (let node: Node | undefined = tip; node; node = node.parent) path.push(node)
    return path.reverse()
  }
}
