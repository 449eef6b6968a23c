import {
  type Block,
  blockHashToHex,
  findWitnessCommitment,
  type HeaderNode,
  MAX_BLOCK_SIGOPS_COST,
  MAX_BLOCK_WEIGHT,
  minimumBlockTime,
  OP,
  parseBlock,
  serializeTransaction,
  targetOf,
  txIdToHex,
  witnessCommitmentScript,
} from '@onehop/ledger'
import { attemptDecode, bytesToHex, hexToBytes } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { bitsHex, uint256Hex } from './blockchain-json.ts'
import type { MethodContext } from './method-context.ts'
import { tipWhen } from './wait-methods.ts'

/** Seconds that a template is given out again although the mempool has changed (as in bitcoind). */
const TEMPLATE_LIFE_SECONDS = 5
/** Milliseconds until a long poll first looks at the mempool, and then between looks (as in bitcoind). */
const FIRST_LOOK_MS = 60_000
const NEXT_LOOK_MS = 10_000
const HASH_DIGITS = 64
/** Bytes of a block, witnesses included (Core's MAX_BLOCK_SERIALIZED_SIZE). */
const MAX_BLOCK_BYTES = 4_000_000
/** Anybody may spend it: whoever mines puts a coinbase of his own in its place. */
const PLACEHOLDER_SCRIPT = Uint8Array.of(OP[1])

interface Template {
  readonly block: Block
  readonly parent: HeaderNode
  readonly madeAtSeconds: number
  /** Changes of the mempool up to when it was made. */
  readonly changes: number
}

/** Templates of the next block for miners outside, made anew when that is worth it. */
class TemplateMaker {
  private readonly context: MethodContext
  private latest: Template | undefined
  private changes = 0

  constructor(context: MethodContext) {
    this.context = context
    const count = () => {
      this.changes += 1
    }
    context.chain.on('transaction', count)
    context.chain.on('transactionRemoved', count)
  }

  current(): Template {
    const { chain, mining } = this.context
    const now = chain.nowSeconds()
    const { latest, changes } = this
    const isFresh =
      latest && (latest.changes === changes || now - latest.madeAtSeconds <= TEMPLATE_LIFE_SECONDS)
    if (latest && isFresh && latest.parent === chain.tip) return latest
    const block = mining.createTemplate(PLACEHOLDER_SCRIPT)
    this.latest = { block, parent: chain.tip, madeAtSeconds: now, changes }
    return this.latest
  }

  /** Waits until there is something better than the template of that id. */
  async poll(id: unknown, signal: AbortSignal): Promise<void> {
    const { chain } = this.context
    const watched = typeof id === 'string' ? id.slice(0, HASH_DIGITS) : blockHashToHex(chain.tip.hash)
    const changes = typeof id === 'string' ? Number(id.slice(HASH_DIGITS)) : (this.latest?.changes ?? 0)
    checkHash(watched)
    const isOther = ({ hash }: HeaderNode) => blockHashToHex(hash) !== watched
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = NEXT_LOOK_MS) {
      const tip = await tipWhen(chain, isOther, waitMs, signal)
      if (signal.aborted) throw new RpcError(RPC_CODE.clientNotConnected, 'Shutting down')
      if (isOther(tip) || this.changes !== changes) return
    }
  }
}

function checkHash(text: string): void {
  if (/^[0-9a-f]{64}$/i.test(text)) return
  throw new RpcError(
    RPC_CODE.invalidParameter,
    `longpollid must be of length ${HASH_DIGITS} (not ${text.length}, for '${text}')`,
  )
}

function transactionsJson({ chain }: MethodContext, { transactions }: Block) {
  const positions = new Map(transactions.map(({ txid }, position) => [txIdToHex(txid), position]))
  return transactions.slice(1).map(transaction => {
    const entry = chain.mempool.entry(transaction.txid)
    const parents = transaction.inputs.flatMap(
      ({ previousOutput }) => positions.get(txIdToHex(previousOutput.txid)) ?? [],
    )
    return {
      data: bytesToHex(serializeTransaction(transaction)),
      txid: txIdToHex(transaction.txid),
      hash: txIdToHex(transaction.wtxid),
      depends: parents,
      // A transaction that has left the mempool since is still right, and BIP 22 lets these be unknown.
      ...(entry === undefined ? {} : { fee: entry.fee, sigops: entry.sigopsCost }),
      weight: transaction.weight,
    }
  })
}

function templateJson(context: MethodContext, { block, parent, changes }: Template) {
  const { parameters, chain } = context
  const [coinbase] = block.transactions
  const commitment = coinbase && findWitnessCommitment(coinbase)
  const earliest = minimumBlockTime(parent, parameters)
  const { header } = block
  return {
    capabilities: ['proposal'],
    version: header.version,
    rules: ['csv', '!segwit', 'taproot'],
    vbavailable: {},
    vbrequired: 0,
    previousblockhash: blockHashToHex(parent.hash),
    transactions: transactionsJson(context, block),
    coinbaseaux: {},
    coinbasevalue: coinbase?.outputs[0]?.value ?? 0n,
    longpollid: `${blockHashToHex(parent.hash)}${changes}`,
    target: uint256Hex(targetOf(header.bits)),
    mintime: earliest,
    mutable: ['time', 'transactions', 'prevblock'],
    noncerange: '00000000ffffffff',
    sigoplimit: MAX_BLOCK_SIGOPS_COST,
    sizelimit: MAX_BLOCK_BYTES,
    weightlimit: MAX_BLOCK_WEIGHT,
    curtime: Math.max(earliest, chain.nowSeconds()),
    bits: bitsHex(header.bits),
    height: parent.height + 1,
    ...(commitment === undefined
      ? {}
      : { default_witness_commitment: bytesToHex(witnessCommitmentScript(commitment)) }),
  }
}

/** @returns null for a block that only lacks its proof of work, else BIP 22's word for why not. */
async function judgeProposal({ chain }: MethodContext, data: unknown): Promise<string | null> {
  if (typeof data !== 'string') throw new RpcError(RPC_CODE.typeError, 'Missing data String key for proposal')
  const block = attemptDecode('Block decode failed', () => parseBlock(hexToBytes(data)))
  if (!block.ok) throw new RpcError(RPC_CODE.deserializationError, block.code)
  const known = chain.headerTree.get(block.value.header.hash)
  if (known !== undefined) {
    const standing = chain.standingOf(known)
    if (standing === 'active' || standing === 'valid-fork') return 'duplicate'
    return standing === 'invalid' ? 'duplicate-invalid' : 'duplicate-inconclusive'
  }
  const verdict = await chain.testBlock(block.value)
  return verdict.ok ? null : verdict.code
}

/** Templates for miners outside the node (BIP 22, 23, 145): bitcoind's call. */
export function blockTemplateMethods(context: MethodContext): RpcMethod[] {
  const templates = new TemplateMaker(context)
  return [
    defineMethod({
      name: 'getblocktemplate',
      category: 'Mining',
      summary:
        'What the next block may be made of (BIP 22, 145), or whether a proposed one is in order (BIP 23).',
      params: {
        template_request: {
          type: 'object',
          optional: true,
          description:
            '{"rules": ["segwit"]}; longpollid to wait; mode "proposal" with data to have a block judged',
        },
      },
      handler: async ({ template_request: request = {} }, { signal }) => {
        const { mode = 'template', longpollid, data, rules } = request
        if (mode === 'proposal') return judgeProposal(context, data)
        if (mode !== 'template') throw new RpcError(RPC_CODE.invalidParameter, 'Invalid mode')
        if (longpollid !== undefined && longpollid !== null) await templates.poll(longpollid, signal)
        if (!Array.isArray(rules) || !rules.includes('segwit')) {
          throw new RpcError(
            RPC_CODE.invalidParameter,
            'getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})',
          )
        }
        return templateJson(context, templates.current())
      },
    }),
  ]
}
