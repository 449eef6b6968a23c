import assert from 'node:assert/strict'
import {
  type Accepted,
  type Block,
  Block as BlockClass,
  BlockHeader,
  type BlockUndo,
  type Coin,
  CoinsCache,
  type ConnectContext,
  checkProofOfWork,
  connectBlock,
  createBlockTemplate,
  disconnectBlock,
  type HeaderNode,
  HeaderTree,
  legacySighash,
  Mempool,
  type MempoolContext,
  type OutPoint,
  outPointKey,
  p2pkhScript,
  p2wpkhScript,
  pushBytes,
  REGTEST,
  runScriptChecks,
  SEQUENCE_FINAL,
  SegwitMidstate,
  SIGHASH,
  scriptOf,
  segwitSighash,
  Transaction,
  type TransactionFields,
  transactionMerkleRoot,
  txIdToHex,
  witnessCommitment,
  witnessCommitmentScript,
} from '@onehop/ledger'
import {
  concatBytes,
  encodeDerSignature,
  hash160,
  nobleVerifier,
  publicKeyOf,
  type Result,
  signEcdsa,
  type Verdict,
} from '@onehop/primitives'

/** Connects a block by all rules, and runs its scripts. */
export function connectWithScripts(block: Block, context: ConnectContext): Result<BlockUndo> {
  const connected = connectBlock(block, context)
  if (!connected.ok) return connected
  const scripts = runScriptChecks(connected.value.checks, nobleVerifier)
  return scripts.ok ? { ok: true, value: connected.value.undo } : scripts
}

/** A key of the tests: 32 bytes that end in the number. */
export function testKey(number: number): Uint8Array {
  const key = new Uint8Array(32)
  key[31] = number
  return key
}

export const MINER_KEY = testKey(1)

export function scriptOfKey(key: Uint8Array): Uint8Array {
  return p2wpkhScript(hash160(publicKeyOf(key)))
}

export function legacyScriptOfKey(key: Uint8Array): Uint8Array {
  return p2pkhScript(hash160(publicKeyOf(key)))
}

export interface Spendable {
  readonly outPoint: OutPoint
  readonly coin: Coin
}

export interface Payment {
  readonly from: readonly Spendable[]
  readonly to: readonly { readonly value: bigint; readonly scriptPubKey: Uint8Array }[]
  readonly key?: Uint8Array
  readonly sequence?: number
  readonly lockTime?: number
  readonly version?: number
  readonly hashType?: number
}

/** A transaction signed for P2WPKH and P2PKH coins of one key. */
export function pay({ from, to, key = MINER_KEY, hashType = SIGHASH.ALL, ...rest }: Payment): Transaction {
  const unsigned = new Transaction({
    version: rest.version ?? 2,
    inputs: from.map(({ outPoint }) => ({
      previousOutput: outPoint,
      scriptSig: new Uint8Array(0),
      sequence: rest.sequence ?? SEQUENCE_FINAL,
      witness: [],
    })),
    outputs: to,
    lockTime: rest.lockTime ?? 0,
  })
  const midstate = new SegwitMidstate(unsigned)
  const publicKey = publicKeyOf(key)
  const scriptCode = legacyScriptOfKey(key)
  const inputs = unsigned.inputs.map((input, inputIndex) => {
    const { output } = from[inputIndex]!.coin
    const request = { transaction: unsigned, inputIndex, scriptCode, hashType }
    const isLegacy = output.scriptPubKey.length === scriptCode.length
    const hash = isLegacy ? legacySighash(request) : segwitSighash(request, output.value, midstate)
    const signature = concatBytes(encodeDerSignature(signEcdsa(hash, key)), Uint8Array.of(hashType))
    return isLegacy
      ? { ...input, scriptSig: scriptOf(pushBytes(signature), pushBytes(publicKey)) }
      : { ...input, witness: [signature, publicKey] }
  })
  return new Transaction({ ...fieldsOf(unsigned), inputs })
}

export function fieldsOf({ version, inputs, outputs, lockTime }: Transaction): TransactionFields {
  return { version, inputs, outputs, lockTime }
}

/** The output as something that the next transaction can spend. */
export function spendable(transaction: Transaction, index: number, height = 0): Spendable {
  return {
    outPoint: { txid: transaction.txid, index },
    coin: { output: transaction.outputs[index]!, height, coinbase: transaction.isCoinbase },
  }
}

/** The block with other transactions, its commitments made to fit, its proof of work not yet. */
export function withTransactions(block: Block, transactions: readonly Transaction[]): Block {
  const { root } = transactionMerkleRoot(transactions)
  return new BlockClass(new BlockHeader({ ...headerFields(block), merkleRoot: root }), transactions)
}

/** The coinbase with a commitment to the witnesses of these others. */
export function recommit(coinbase: Transaction, others: readonly Transaction[]): Transaction {
  const nonce = coinbase.inputs[0]!.witness[0]!
  const scriptPubKey = witnessCommitmentScript(witnessCommitment([coinbase, ...others], nonce))
  const outputs = [...coinbase.outputs.slice(0, -1), { value: 0n, scriptPubKey }]
  return new Transaction({ ...fieldsOf(coinbase), outputs })
}

export function headerFields({ header }: Block) {
  const { version, previousBlock, merkleRoot, time, bits, nonce } = header
  return { version, previousBlock, merkleRoot, time, bits, nonce }
}

/** Finds the nonce; on regtest every other one does. */
export function mine(block: Block): Block {
  for (let nonce = 0; ; nonce++) {
    const header = new BlockHeader({ ...headerFields(block), nonce })
    if (checkProofOfWork(header.hash, header.bits, REGTEST.powLimit))
      return new BlockClass(header, block.transactions)
  }
}

/** A chain in a map, the way a driver would keep it. Time is the tests'. */
export class RegtestChain {
  readonly tree = new HeaderTree(REGTEST)
  readonly mempool: Mempool
  /** What the mempool told of, in order. */
  readonly events: string[] = []
  readonly coins = new Map<string, { outPoint: OutPoint; coin: Coin }>()
  readonly blocks: { block: Block; undo: BlockUndo; node: HeaderNode }[] = []
  nowSeconds = REGTEST.genesis.header.time + 600
  private extraNonce = 0

  constructor(mempoolLimit?: number) {
    this.mempool = new Mempool({
      parameters: REGTEST,
      ...(mempoolLimit === undefined ? {} : { limit: mempoolLimit }),
      observer: {
        onAdded: ({ txid }) => this.events.push(`added ${txIdToHex(txid)}`),
        onRemoved: ({ txid }, reason) => this.events.push(`${reason} ${txIdToHex(txid)}`),
      },
    })
  }

  get tip(): HeaderNode {
    return this.blocks.at(-1)?.node ?? this.tree.genesis
  }

  get view() {
    return { get: (outPoint: OutPoint) => this.coins.get(outPointKey(outPoint))?.coin }
  }

  get context(): MempoolContext {
    return { coins: this.view, tip: this.tip, now: this.nowSeconds, verifier: nobleVerifier }
  }

  /** Sum of all coins. */
  get supply(): bigint {
    return [...this.coins.values()].reduce((sum, { coin }) => sum + coin.output.value, 0n)
  }

  accept(transaction: Transaction): Result<Accepted> {
    return this.mempool.accept(transaction, this.context)
  }

  template(mempool: Mempool = this.mempool): Block {
    this.nowSeconds += 600
    return createBlockTemplate({
      parent: this.tip,
      mempool,
      parameters: REGTEST,
      coinbaseScript: scriptOfKey(MINER_KEY),
      nowSeconds: this.nowSeconds,
      extraNonce: this.extraNonce++,
    })
  }

  /** A block on the tip with exactly these transactions behind the coinbase; fees are left unclaimed. */
  blockOf(transactions: readonly Transaction[]): Block {
    const template = this.template(new Mempool({ parameters: REGTEST }))
    const coinbase = recommit(template.transactions[0]!, transactions)
    return withTransactions(template, [coinbase, ...transactions])
  }

  /** Mines the block, and connects it by all rules. */
  connect(block: Block): Result<BlockUndo> {
    const mined = mine(block)
    const added = this.tree.add(mined.header, this.nowSeconds)
    if (!added.ok) return added
    const coins = new CoinsCache(this.view)
    const node = added.value
    const result = connectWithScripts(mined, { node, coins, parameters: REGTEST })
    if (!result.ok) return result
    this.apply(coins)
    this.blocks.push({ block: mined, undo: result.value, node })
    this.mempool.onBlockConnected(mined, this.nowSeconds)
    return result
  }

  /** Takes the tip off, and returns its block. */
  disconnect(): Block {
    const { block, undo } = this.blocks.pop()!
    const coins = new CoinsCache(this.view)
    disconnectBlock(block, undo, coins)
    this.apply(coins)
    return block
  }

  mineBlocks(count: number): void {
    for (let i = 0; i < count; i++) {
      const result = this.connect(this.template())
      assert.deepEqual(
        result.ok,
        true,
        JSON.stringify(result, (_, value) => String(value)),
      )
    }
  }

  /** The coinbase of the block at the height. */
  coinbase(height: number): Spendable {
    return spendable(this.blocks[height - 1]!.block.transactions[0]!, 0, height)
  }

  private apply(cache: CoinsCache): void {
    for (const [outPoint, coin] of cache.changes()) {
      if (coin) this.coins.set(outPointKey(outPoint), { outPoint, coin })
      else this.coins.delete(outPointKey(outPoint))
    }
  }
}

/** The code of a refusal, or OK. */
export function codeOf(verdict: Verdict | Result<unknown>): string {
  return verdict.ok ? 'OK' : verdict.code
}

/** What respending costs unless a test says otherwise, in satoshis. */
export const FEE = 10_000n

export function chainOf(blocks: number, mempoolLimit?: number): RegtestChain {
  const chain = new RegtestChain(mempoolLimit)
  chain.mineBlocks(blocks)
  return chain
}

/** Spends one coin to the miner again, less the fee. */
export function respend(from: Spendable, fee = FEE, scriptPubKey = scriptOfKey(MINER_KEY)): Transaction {
  return pay({ from: [from], to: [{ value: from.coin.output.value - fee, scriptPubKey }] })
}

export const blameOf = (verdict: Verdict) => (verdict.ok ? undefined : verdict.blame)
