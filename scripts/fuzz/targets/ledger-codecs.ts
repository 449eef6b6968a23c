import { createHash } from 'node:crypto'
import {
  Block,
  BlockHeader,
  checkPaymentProof,
  completeBlock,
  createBlockFilter,
  createCompactBlock,
  createMerkleBlock,
  createPaymentProof,
  encodeMempoolFile,
  MempoolFileReader,
  matchCompactBlock,
  parseBlock,
  parseBlockFilter,
  parseBlockTransactions,
  parseBlockTransactionsRequest,
  parseCoin,
  parseCompactBlock,
  parseHeader,
  parseMerkleBlock,
  parsePaymentProof,
  parseTransaction,
  parseUndo,
  REGTEST,
  type SavedMempool,
  serializeBlock,
  serializeBlockTransactions,
  serializeBlockTransactionsRequest,
  serializeCoin,
  serializeCompactBlock,
  serializeHeader,
  serializeMerkleBlock,
  serializePaymentProof,
  serializeTransaction,
  serializeUndo,
  Transaction,
  verifyMerkleBlock,
} from '@onehop/ledger'
import { concatBytes, decodeStrictDerSignature, encodeDerSignature, signEcdsa } from '@onehop/primitives'
import { parseRecordEnd, serializeRecordEnd } from '../../../packages/chain/src/storage/record-files.ts'
import { parseIndexEntry, serializeIndexEntry } from '../../../packages/chain/src/store-format.ts'
import { decodeLaxDerSignature } from '../../../packages/ledger/src/script/lax-der.ts'
import {
  attempt,
  codecTarget,
  Finding,
  isEqual,
  requireEqual,
  requireVerdict,
  type Target,
} from '../target.ts'
import { type Corpus, FUZZ_KEY } from './corpus.ts'

/** The same transaction without what parsing it may have kept. */
function rebuilt({ version, inputs, outputs, lockTime }: Transaction): Transaction {
  return new Transaction({ version, inputs, outputs, lockTime })
}

function doubleSha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest()
}

/** Sizes and ids agree with the bytes. */
function examineTransaction(transaction: Transaction): void {
  const copy = rebuilt(transaction)
  const whole = serializeTransaction(copy)
  const bare = serializeTransaction(copy, { witness: false })
  for (const one of [transaction, copy]) {
    if (one.totalSize !== whole.length || one.baseSize !== bare.length) throw new Finding('a size is wrong')
    if (!isEqual(one.txid, doubleSha256(bare)) || !isEqual(one.wtxid, doubleSha256(whole)))
      throw new Finding('an id is wrong')
  }
  requireEqual(
    serializeTransaction(transaction),
    whole,
    'a parsed transaction serialises otherwise than its copy',
  )
  requireEqual(serializeTransaction(transaction, { witness: false }), bare, 'and so without its witness')
}

function examineBlock(block: Block): void {
  const { version, previousBlock, merkleRoot, time, bits, nonce } = block.header
  const header = new BlockHeader({ version, previousBlock, merkleRoot, time, bits, nonce })
  const copy = new Block(header, block.transactions.map(rebuilt))
  requireEqual(
    serializeBlock(block),
    serializeBlock(copy),
    'a parsed block serialises otherwise than its copy',
  )
  if (block.weight !== copy.weight || block.totalSize !== copy.totalSize) throw new Finding('a size is wrong')
}

function blockTargets({ rich, blocks, spends }: Corpus): Target[] {
  const seeds = [rich.block, ...blocks.slice(-2)].map(block => serializeBlock(block))
  return [
    codecTarget({
      name: 'transaction',
      seeds: [...spends, blocks[0]!.transactions[0]!].map(one => serializeTransaction(one)),
      decode: parseTransaction,
      encode: value => serializeTransaction(rebuilt(value)),
      isCanonical: true,
      examine: examineTransaction,
    }),
    codecTarget({
      name: 'block',
      seeds,
      decode: parseBlock,
      encode: block => serializeBlock(block),
      isCanonical: true,
      examine: examineBlock,
    }),
    codecTarget({
      name: 'header',
      seeds: blocks.slice(0, 3).map(({ header }) => serializeHeader(header)),
      decode: parseHeader,
      encode: header => serializeHeader(new BlockHeader(header)),
      isCanonical: true,
    }),
  ]
}

function proofTargets({ rich: { block } }: Corpus): Target[] {
  const txids = block.transactions.map(({ txid }) => txid)
  const subsets = [txids, txids.slice(0, 1), txids.slice(2, 4), []]
  const proof = createPaymentProof(block, txids[2]!)
  return [
    codecTarget({
      name: 'merkle-block',
      seeds: subsets.map(wanted => serializeMerkleBlock(createMerkleBlock(block, wanted))),
      decode: parseMerkleBlock,
      encode: serializeMerkleBlock,
      isCanonical: true,
      examine: value => {
        const verified = verifyMerkleBlock(value)
        requireVerdict(verified)
      },
    }),
    codecTarget({
      name: 'payment-proof',
      seeds: proof === undefined ? [] : [serializePaymentProof(proof)],
      decode: parsePaymentProof,
      encode: ({ proof: merkleBlock, coinbase, payment }) =>
        serializePaymentProof({ proof: merkleBlock, coinbase: rebuilt(coinbase), payment: rebuilt(payment) }),
      isCanonical: true,
      examine: value => requireVerdict(checkPaymentProof(value)),
    }),
  ]
}

function compactTargets({ rich: { block } }: Corpus): Target[] {
  const known = block.transactions.slice(1)
  const height = 106
  return [
    codecTarget({
      name: 'compact-block',
      seeds: [1n, 2n ** 60n].map(nonce => serializeCompactBlock(createCompactBlock(block, nonce))),
      decode: parseCompactBlock,
      encode: serializeCompactBlock,
      isCanonical: true,
      examine: compact => {
        const partial = matchCompactBlock(compact, known)
        requireVerdict(partial)
        if (partial.ok && partial.value.missing.length < 1000) {
          const fetched = partial.value.missing.map(() => known[0]!)
          requireVerdict(completeBlock(partial.value, fetched, height, REGTEST))
        }
      },
    }),
    codecTarget({
      name: 'block-transactions-request',
      seeds: [[0], [1, 2, 4], [0, 300, 60_000]].map(indexes =>
        serializeBlockTransactionsRequest({ block: block.hash, indexes }),
      ),
      decode: parseBlockTransactionsRequest,
      encode: serializeBlockTransactionsRequest,
      isCanonical: true,
    }),
    codecTarget({
      name: 'block-transactions',
      seeds: [serializeBlockTransactions({ block: block.hash, transactions: known })],
      decode: parseBlockTransactions,
      encode: ({ block: hash, transactions }) =>
        serializeBlockTransactions({ block: hash, transactions: transactions.map(rebuilt) }),
      isCanonical: true,
    }),
  ]
}

function storeTargets({ rich: { block, undo }, blocks, spends }: Corpus): Target[] {
  const coins = undo.spent.flat()
  const entry = {
    header: block.header,
    height: 106,
    block: { file: 0, offset: 8, lengthBytes: 300 },
    undo: { file: 1, offset: 70_000, lengthBytes: 90 },
    transactions: 5,
    pruned: false,
    connected: true,
    failed: false,
    invalidated: false,
  }
  return [
    codecTarget({ name: 'undo', seeds: [serializeUndo(undo)], decode: parseUndo, encode: serializeUndo }),
    codecTarget({ name: 'coin', seeds: coins.map(serializeCoin), decode: parseCoin, encode: serializeCoin }),
    codecTarget({
      name: 'index-entry',
      seeds: [serializeIndexEntry(entry), serializeIndexEntry({ ...entry, undo: undefined, failed: true })],
      decode: parseIndexEntry,
      encode: serializeIndexEntry,
    }),
    codecTarget({
      name: 'record-end',
      seeds: [serializeRecordEnd({ file: 3, lengthBytes: 70_000 })],
      decode: parseRecordEnd,
      encode: serializeRecordEnd,
    }),
    filterTarget(block, undo, [...spends, ...blocks.slice(0, 2).flatMap(({ transactions }) => transactions)]),
  ]
}

/** Signatures as old blocks have them: what is strict is read the same way. */
function laxDerTarget(): Target {
  const der = encodeDerSignature(signEcdsa(FUZZ_KEY.privateKey, FUZZ_KEY.privateKey))
  return codecTarget({
    name: 'lax-der',
    seeds: [der, concatBytes(Uint8Array.of(0x30, 0x81), der.subarray(1))],
    decode: decodeLaxDerSignature,
    examine: (lax, bytes) => {
      const strict = attempt(() => decodeStrictDerSignature(bytes))
      if (strict !== undefined)
        requireEqual(strict, lax ?? new Uint8Array(0), 'a strict signature is read otherwise')
    },
  })
}

function filterTarget(block: Block, undo: Corpus['rich']['undo'], others: readonly Transaction[]): Target {
  const scripts = others.flatMap(({ outputs }) => outputs.map(({ scriptPubKey }) => scriptPubKey))
  return codecTarget({
    name: 'block-filter',
    seeds: [createBlockFilter(block, undo).bytes, Uint8Array.of(0)],
    decode: bytes => parseBlockFilter(block.hash, bytes),
    examine: filter => {
      requireVerdict(filter)
      if (!filter.ok) return
      const any = filter.value.matchesAny(scripts)
      if (any !== scripts.some(script => filter.value.matches(script)))
        throw new Finding('a filter matches several scripts otherwise than one by one')
    },
  })
}

function mempoolFileTarget({ spends }: Corpus): Target {
  const encode = (saved: SavedMempool, key: Uint8Array) => concatBytes(...encodeMempoolFile(saved, key))
  const transactions = spends.slice(0, 3).map((transaction, i) => ({ transaction, time: i, feeDelta: -1n }))
  const saved = { transactions, feeDeltas: [{ txid: spends[0]!.txid, delta: 5n }] }
  return codecTarget({
    name: 'mempool-file',
    seeds: [encode(saved, new Uint8Array(8)), encode(saved, new Uint8Array(8).fill(0x5a))],
    decode: (bytes): SavedMempool => {
      const reader = new MempoolFileReader(bytes.slice())
      return { transactions: reader.readTransactions(1_000_000), feeDeltas: reader.readFeeDeltas() }
    },
    encode: value => encode(value, new Uint8Array(8)),
  })
}

/** Everything that the ledger reads and writes in bytes. */
export function ledgerTargets(corpus: Corpus): Target[] {
  return [
    mempoolFileTarget(corpus),
    ...blockTargets(corpus),
    ...proofTargets(corpus),
    ...compactTargets(corpus),
    ...storeTargets(corpus),
    laxDerTarget(),
  ]
}
