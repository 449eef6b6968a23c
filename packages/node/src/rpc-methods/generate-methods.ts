import {
  addressToScript,
  assembleBlock,
  type Block,
  blockHashToHex,
  descriptorScripts,
  hexToTxId,
  parseTransaction,
  serializeBlock,
  type Transaction,
} from '@onehop/ledger'
import { mineBlock } from '@onehop/miner'
import { attemptDecode, bytesToHex, hexToBytes } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { scriptsOfDescriptor } from './descriptor-methods.ts'
import type { MethodContext } from './method-context.ts'

/** Blocks of one call. */
const MAX_BLOCKS_PER_CALL = 100_000
const TXID_DIGITS = 64

/** Of the ways in which `combo` pays a key: P2WPKH where there is that, else P2PKH. */
function payingScript(scripts: readonly Uint8Array[]): Uint8Array {
  const [only, keyHash, witness] = scripts
  const script = witness ?? keyHash ?? only
  if (script === undefined) throw new Error('a descriptor stands for at least one script')
  return script
}

function scriptOfOutput(output: string, { parameters }: MethodContext): Uint8Array {
  const scripts = descriptorScripts(output, parameters)
  if (scripts.ok) return payingScript(scripts.value)
  const address = addressToScript(output, parameters)
  if (address.ok) return address.value
  throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Error: Invalid address or descriptor')
}

/** A transaction that is given by its id, in the mempool, or as a whole. */
function transactionOf(text: unknown, { chain }: MethodContext): Transaction {
  if (typeof text !== 'string')
    throw new RpcError(RPC_CODE.typeError, 'JSON value is not a string as expected')
  if (text.length === TXID_DIGITS && /^[0-9a-f]*$/i.test(text)) {
    const transaction = chain.mempool.get(hexToTxId(text))
    if (transaction !== undefined) return transaction
    throw new RpcError(RPC_CODE.invalidAddressOrKey, `Transaction ${text} not in mempool.`)
  }
  const parsed = attemptDecode('', () => parseTransaction(hexToBytes(text)))
  if (parsed.ok) return parsed.value
  throw new RpcError(
    RPC_CODE.deserializationError,
    `Transaction decode failed for ${text}. Make sure the tx has at least one input.`,
  )
}

async function assemble(context: MethodContext, output: string, given: readonly unknown[]): Promise<Block> {
  const { chain, parameters } = context
  const coinbaseScript = scriptOfOutput(output, context)
  const transactions = given.map(text => transactionOf(text, context))
  const request = { parent: chain.tip, parameters, coinbaseScript, nowSeconds: chain.nowSeconds() }
  const block = assembleBlock(request, transactions, 0n)
  const verdict = await chain.testBlock(block)
  if (verdict.ok) return block
  throw new RpcError(RPC_CODE.verifyError, `TestBlockValidity failed: ${verdict.code}`)
}

/** Blocks made to order: bitcoind's calls. */
export function generateMethods(context: MethodContext): RpcMethod[] {
  const { chain, mining, parameters } = context
  return [
    defineMethod({
      name: 'generatetodescriptor',
      category: 'Mining',
      summary: 'Mines blocks that pay a descriptor.',
      params: {
        num_blocks: { type: 'integer', min: 0, max: MAX_BLOCKS_PER_CALL },
        descriptor: { type: 'string' },
        maxtries: { type: 'integer', optional: true },
      },
      handler: ({ num_blocks, descriptor }, { signal }) =>
        mining.generate(num_blocks, payingScript(scriptsOfDescriptor(descriptor, parameters)), signal),
    }),
    defineMethod({
      name: 'generateblock',
      category: 'Mining',
      summary: 'Mines a block of the transactions that are named, in their order, and no others.',
      params: {
        output: { type: 'string', description: 'address or descriptor that is paid' },
        transactions: {
          type: 'array',
          description: 'ids of the mempool, or whole transactions in hexadecimal',
        },
        submit: {
          type: 'boolean',
          default: true,
          description: 'false gives the block and keeps it from the chain',
        },
      },
      handler: async ({ output, transactions, submit }, { signal }) => {
        const block = await mineBlock(await assemble(context, output, transactions), { signal })
        const bytes = serializeBlock(block)
        const hash = blockHashToHex(block.hash)
        if (!submit) return { hash, hex: bytesToHex(bytes) }
        const verdict = await chain.acceptBlock(bytes)
        if (!verdict.ok) throw new RpcError(RPC_CODE.verifyError, verdict.code)
        return { hash }
      },
    }),
  ]
}
