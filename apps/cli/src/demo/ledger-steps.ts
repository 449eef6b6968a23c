import type { SignedPayment } from '@onehop/rpc'
import { bitcoins } from '../format.ts'
import type { NodeProcess } from '../testnet/node-process.ts'
import {
  check,
  type Findings,
  mineAndSync,
  nodeOf,
  refusalOf,
  type Step,
  type Tour,
  untilAll,
} from './tour.ts'

const COIN = 100_000_000
const PAYER = 1
const PAYEE = 5
const PAID_SATS = 10 * COIN
/** Two nodes that hear of the two halves of the double spend first. */
const DOORS = [3, 7] as const

/** What is used of bitcoind's `listunspent`. */
interface Coin {
  readonly txid: string
  readonly vout: number
  readonly amount: number
}

/** Every node can spend a coinbase of its own. */
export const maturity: Step = {
  title: 'Look: every node has bitcoins that it can spend',
  async run({ testnet }): Promise<Findings> {
    const statuses = await testnet.statuses()
    const [first] = statuses
    check(first !== undefined && first.height >= 100, 'The chain is too short for spendable coins.')
    const poor = statuses.find(({ balanceSats }) => balanceSats < 50 * COIN)
    check(poor === undefined, `${poor?.name} has only ${bitcoins(poor?.balanceSats ?? 0)}.`)
    return {
      text: `height ${first.height}, ${statuses.length} nodes with at least 50 BTC each`,
      figures: { height: first.height, balancesSats: statuses.map(({ balanceSats }) => balanceSats) },
    }
  },
}

/** A payment reaches every mempool and is confirmed. */
export const payment: Step = {
  title: `Pay ${PAID_SATS / COIN} BTC from node ${PAYER} to node ${PAYEE}`,
  async run(tour): Promise<Findings> {
    const [payer, payee] = [nodeOf(tour, PAYER), nodeOf(tour, PAYEE)]
    const before = await payee.status()
    const { txid, feeSats } = await payer.client.call('wallet.send', {
      address: before.address,
      amountSats: PAID_SATS,
    })
    await untilAll(tour, 'The payment did not reach every mempool', node => hasInMempool(node, txid))
    const { height } = await mineAndSync(tour, nodeOf(tour, 2))
    const { balanceSats } = await payee.status()
    const gained = balanceSats - before.balanceSats
    check(gained === PAID_SATS, `Node ${PAYEE} got ${bitcoins(gained)} and not ${bitcoins(PAID_SATS)}.`)
    return {
      text: `in every mempool, confirmed at height ${height}, fee ${feeSats} sat, node ${PAYEE} has ${bitcoins(balanceSats)}`,
      figures: { txid, feeSats, height, gainedSats: gained },
    }
  },
}

/** Of two payments that spend one coin, exactly one is confirmed, the same everywhere. */
export const doubleSpend: Step = {
  title: 'Spend one coin twice, through two nodes at once',
  async run(tour): Promise<Findings> {
    const payments = await conflictingPayments(tour)
    const [one, other] = payments
    await Promise.allSettled(
      DOORS.map((door, i) => nodeOf(tour, door).client.call('sendrawtransaction', [payments[i]!.hex])),
    )
    await untilAll(tour, 'Some node has not exactly one of the two in its mempool', async node => {
      return (await hasInMempool(node, one.txid)) !== (await hasInMempool(node, other.txid))
    })
    const before = await refusalsBefore(tour, payments)
    const { height, bestBlock } = await mineAndSync(tour, nodeOf(tour, 2))
    const winner = await confirmedOne(tour, bestBlock, payments)
    const loser = winner === one ? other : one
    const after = await refusalsAfter(tour, loser)
    return {
      text: `refused before (${before}), one confirmed at height ${height}, the other refused everywhere (${after})`,
      figures: { confirmed: winner.txid, refused: loser.txid, height, codeBefore: before, codeAfter: after },
    }
  },
}

async function hasInMempool(node: NodeProcess, txid: string): Promise<boolean> {
  return (await node.client.call<string[]>('getrawmempool')).includes(txid)
}

/** Two signed payments of node 1 that spend the same coin. */
async function conflictingPayments(tour: Tour): Promise<[SignedPayment, SignedPayment]> {
  const payer = nodeOf(tour, PAYER)
  const coins = await payer.client.call<Coin[]>('listunspent', [1])
  const coin = coins.find(({ amount }) => amount >= 30)
  check(coin !== undefined, `Node ${PAYER} has no coin of 30 BTC.`)
  const inputs = [{ txid: coin.txid, vout: coin.vout }]
  const sign = async (payee: number) => {
    const { address } = await nodeOf(tour, payee).status()
    return payer.client.call('wallet.signPayment', { address, amountSats: 20 * COIN, inputs })
  }
  return [await sign(6), await sign(8)]
}

/** Every node refuses the one of the two that it does not have. @returns the code that they say. */
async function refusalsBefore(
  tour: Tour,
  [one, other]: readonly [SignedPayment, SignedPayment],
): Promise<string> {
  const messages = await Promise.all(
    tour.testnet.nodes.map(async node => {
      const missing = (await hasInMempool(node, one.txid)) ? other : one
      const call = node.client.call('sendrawtransaction', [missing.hex])
      return (await refusalOf(call, `${node.name} took both payments.`)).message
    }),
  )
  return onlyCode(messages, 'insufficient fee')
}

async function refusalsAfter(tour: Tour, loser: SignedPayment): Promise<string> {
  const messages = await Promise.all(
    tour.testnet.nodes.map(async node => {
      check(!(await hasInMempool(node, loser.txid)), `${node.name} still has the refused payment.`)
      const call = node.client.call('sendrawtransaction', [loser.hex])
      return (await refusalOf(call, `${node.name} took the second payment.`)).message
    }),
  )
  return onlyCode(messages, 'bad-txns-inputs-missingorspent')
}

function onlyCode(messages: readonly string[], code: string): string {
  const strange = messages.find(message => !message.includes(code))
  check(strange === undefined, `A node refused with "${strange}" and not with ${code}.`)
  return code
}

async function confirmedOne(
  tour: Tour,
  block: string,
  payments: readonly [SignedPayment, SignedPayment],
): Promise<SignedPayment> {
  const { tx } = await nodeOf(tour, 1).client.call<{ tx: string[] }>('getblock', [block, 1])
  const confirmed = payments.filter(({ txid }) => tx.includes(txid))
  const [only] = confirmed
  check(
    confirmed.length === 1 && only !== undefined,
    `${confirmed.length} of the two payments were confirmed.`,
  )
  return only
}
