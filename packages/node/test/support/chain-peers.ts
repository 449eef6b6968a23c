import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { Chain } from '@onehop/chain'
import {
  type Block,
  REGTEST,
  serializeBlock,
  serializeHeader,
  serializeTransaction,
  Transaction,
} from '@onehop/ledger'
import { type ChainPort, createNetwork, type Network } from '@onehop/network'
import { assertDefined, nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import {
  makeBlock,
  NOW_SECONDS,
  OWN_SCRIPT,
  spend,
  spendCoinbase,
  tipOf,
} from '../../../chain/test/support/regtest.ts'
import { directoryOverlay } from '../../../libp2p-overlay/test/support/directory-overlay.ts'
import { createChainPort } from '../../src/chain-port.ts'

/** A chain in memory, the network that carries it, and what was asked of it. */
export interface ChainPeer {
  readonly chain: Chain
  readonly network: Network
  /** How often peers got something from the chain, by the port's names. */
  readonly served: Map<keyof ChainPort, number>
  readonly bans: string[]
  readonly logs: string[]
}

/** Scripts are not what these tests are about: all signatures are good. */
export const trustingVerifier: SignatureVerifier = { ...nobleVerifier, verifyEcdsa: () => true }

const running: ChainPeer[] = []

/** A node that announces its blocks, and the transactions that its mempool takes if it is told to. */
export async function startPeer(
  introducer?: ChainPeer,
  options: { readonly announcesTransactions?: boolean } = {},
): Promise<ChainPeer> {
  const chain = await Chain.open({
    parameters: REGTEST,
    nowSeconds: () => NOW_SECONDS,
    verifier: trustingVerifier,
  })
  const served = new Map<keyof ChainPort, number>()
  const bans: string[] = []
  const logs: string[] = []
  const key = await generateKeyPair('Ed25519')
  const network = (await createNetwork({
    privateKey: privateKeyToProtobuf(key),
    bootstrap: introducer?.network.addresses() ?? [],
    genesisHash: REGTEST.genesis.hash,
    chain: counting(createChainPort(chain), served),
    overlay: directoryOverlay(),
    log: (_, message) => logs.push(message),
  })) as Network
  network.on('ban', ({ peerId }) => bans.push(peerId))
  chain.on('tip', tip => network.announceTip(serializeHeader(tip.header)))
  if (options.announcesTransactions)
    chain.on('transaction', ({ wtxid }) => network.announceTransactions([wtxid]))
  const peer = { chain, network, served, bans, logs }
  running.push(peer)
  return peer
}

export async function stopPeers(): Promise<void> {
  const peers = running.splice(0)
  await Promise.all(peers.map(({ network }) => network.stop()))
  await Promise.all(peers.map(({ chain }) => chain.close()))
}

function counting(port: ChainPort, served: Map<keyof ChainPort, number>): ChainPort {
  const count = (name: keyof ChainPort) => served.set(name, (served.get(name) ?? 0) + 1)
  return {
    ...port,
    getBlock: async hash => {
      const block = await port.getBlock(hash)
      if (block !== undefined) count('getBlock')
      return block
    },
    getCompactBlock: async hash => {
      const block = await port.getCompactBlock(hash)
      if (block !== undefined) count('getCompactBlock')
      return block
    },
    getBlockTransactions: request => {
      count('getBlockTransactions')
      return port.getBlockTransactions(request)
    },
  }
}

/** Mines blocks of no transactions on the peer's tip. */
export async function mineEmpty(chain: Chain, count: number): Promise<Block[]> {
  const blocks: Block[] = []
  for (let i = 0; i < count; i++) {
    const block = makeBlock(tipOf(chain))
    await accept(chain, block)
    blocks.push(block)
  }
  return blocks
}

/** A block on the tip with these transactions, not accepted yet. */
export function blockOf(chain: Chain, transactions: readonly Transaction[]): Block {
  return makeBlock(tipOf(chain), { transactions })
}

export async function accept(chain: Chain, block: Block): Promise<void> {
  const verdict = await chain.acceptBlock(serializeBlock(block))
  if (!verdict.ok) throw new Error(verdict.code)
}

/** Mines until a coin of so many outputs is spendable, and spends each of them with one transaction, not mined yet. */
export async function makeSpends(chain: Chain, count: number): Promise<Transaction[]> {
  const [first] = await mineEmpty(chain, 101)
  const template = spendCoinbase(assertDefined(first, 'blocks were mined'))
  const value = assertDefined(template.outputs[0], 'it pays').value / BigInt(count)
  const { version, inputs, lockTime } = template
  const outputs = Array.from({ length: count }, () => ({ value: value as never, scriptPubKey: OWN_SCRIPT }))
  const fan = new Transaction({ version, inputs, outputs, lockTime })
  await accept(chain, blockOf(chain, [fan]))
  const like = spend({ txid: fan.txid, index: 0 }, value)
  return outputs.map((_, index) => {
    const [input] = like.inputs
    const previousOutput = { txid: fan.txid, index }
    return new Transaction({
      version: like.version,
      inputs: [{ ...assertDefined(input, 'it spends'), previousOutput }],
      outputs: like.outputs,
      lockTime: like.lockTime,
    })
  })
}

export async function fillMempool(chain: Chain, transactions: readonly Transaction[]): Promise<void> {
  for (const transaction of transactions) {
    const verdict = await chain.acceptTransaction(serializeTransaction(transaction))
    if (!verdict.ok) throw new Error(verdict.code)
  }
}
