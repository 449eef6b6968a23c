import {
  type Accepted,
  feeAt,
  HIGH_FEE_RATE,
  instructions,
  isChildWithParentsTree,
  isMissingInputs,
  isUnspendable,
  MAX_PACKAGE_TRANSACTIONS,
  type MemberOutcome,
  memberKey,
  type PackageOutcome,
  parseTransaction,
  serializeTransaction,
  type Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { attemptDecode, COIN, describeRejection, hexToBytes, OK, type Rejection } from '@onehop/primitives'
import { BitcoinAmount, defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { effectiveJson, idOf } from './mempool-json.ts'
import type { MethodContext } from './method-context.ts'

const MAX_FEE_RATE = {
  type: 'amount',
  default: HIGH_FEE_RATE,
  description: 'bitcoins for 1,000 virtual bytes above which it is taken for a mistake; 0 for none',
} as const
const MAX_BURN = {
  type: 'amount',
  default: 0n,
  description: 'bitcoins that an output may burn',
} as const
/** Not `hex`: what is none is answered as any other text that is no transaction. */
export const RAW_TRANSACTION = { type: 'string', description: 'a transaction in hex' } as const
/** Highest opcode that has a meaning in a script that could be run. */
const MAX_OPCODE = 0xb9
const MAX_ELEMENT_LENGTH = 520
/** Refusals of a package as a whole; others are a member's. */
const BY_MEMBER: ReadonlySet<string> = new Set(['transaction failed', 'unspent-dust'])

/** @throws {RpcError} bitcoind's, for what is no transaction. */
export function decodeTransaction(hex: string): Transaction {
  return decodeWith('TX decode failed.', hex)
}

function decodeWith(failure: string, hex: string): Transaction {
  const parsed = attemptDecode('', () => parseTransaction(hexToBytes(hex)))
  if (parsed.ok) return parsed.value
  throw new RpcError(RPC_CODE.deserializationError, `${failure} Make sure the tx has at least one input.`)
}

function decodeAll(hexes: readonly unknown[]): Transaction[] {
  if (hexes.length === 0 || hexes.length > MAX_PACKAGE_TRANSACTIONS) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      `Array must contain between 1 and ${MAX_PACKAGE_TRANSACTIONS} transactions.`,
    )
  }
  return hexes.map(hex => decodeWith(`TX decode failed: ${String(hex)}`, textOf(hex)))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new RpcError(RPC_CODE.typeError, 'JSON value is not of expected type string')
}

function checkFeeRate(rate: bigint): void {
  if (rate < COIN) return
  throw new RpcError(RPC_CODE.invalidParameter, 'Fee rates larger than or equal to 1BTC/kvB are not accepted')
}

/** An output that nobody can ever spend, with more in it than the caller meant to burn. */
function checkBurn({ outputs }: Transaction, maxBurn: bigint): void {
  const burns = outputs.some(({ value, scriptPubKey }) => value > maxBurn && !isUsable(scriptPubKey))
  if (!burns) return
  throw new RpcError(
    RPC_CODE.verifyError,
    'Unspendable output exceeds maximum configured by user (maxburnamount)',
  )
}

/** `HasValidOps`, and not unspendable. */
function isUsable(script: Uint8Array): boolean {
  if (isUnspendable(script)) return false
  let end = 0
  for (const instruction of instructions(script)) {
    if (instruction.opcode > MAX_OPCODE || (instruction.data?.length ?? 0) > MAX_ELEMENT_LENGTH) return false
    end = instruction.end
  }
  return end === script.length
}

function rejectionError(rejection: Rejection): RpcError {
  if (isMissingInputs(rejection)) return new RpcError(RPC_CODE.verifyError, rejection.code)
  return new RpcError(RPC_CODE.verifyRejected, describeRejection(rejection))
}

function isConfirmed({ chain }: MethodContext, { txid, outputs }: Transaction): boolean {
  return outputs.some((_, index) => chain.getCoin({ txid, index }) !== undefined)
}

/** @throws {RpcError} bitcoind's, when the mempool does not take it, or it would pay more than the caller meant to. */
async function send(context: MethodContext, transaction: Transaction, maxFeeRate: bigint): Promise<void> {
  const { chain } = context
  if (isConfirmed(context, transaction)) {
    throw new RpcError(RPC_CODE.verifyAlreadyInUtxoSet, 'Transaction outputs already in utxo set')
  }
  if (chain.mempool.has(transaction.txid)) {
    context.network?.announceTransactions([transaction.wtxid])
    return
  }
  if (maxFeeRate > 0n) {
    const tested = chain.testTransaction(transaction)
    if (!tested.ok) throw rejectionError(tested)
    if (tested.value.fee > feeAt(maxFeeRate, transaction.virtualSize)) {
      throw new RpcError(
        RPC_CODE.verifyError,
        'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)',
      )
    }
  }
  const verdict = await chain.acceptTransaction(serializeTransaction(transaction))
  if (!verdict.ok) throw rejectionError(verdict)
}

function testedJson({ chain }: MethodContext, transactions: readonly Transaction[], maxFeeRate: bigint) {
  const outcome =
    transactions.length === 1
      ? testAlone(chain, transactions[0]!)
      : chain.transactions.testPackage(transactions)
  const { verdict } = outcome
  const packageError = verdict.ok || BY_MEMBER.has(verdict.code) ? undefined : describeRejection(verdict)
  let isOver = false
  return transactions.map(transaction => {
    const ids = { txid: idOf(transaction), wtxid: txIdToHex(transaction.wtxid) }
    const member = outcome.members.get(memberKey(transaction))
    const common = packageError === undefined ? ids : { ...ids, 'package-error': packageError }
    if (isOver || member === undefined) return common
    if (member.kind === 'accepted' && paysTooMuch(member.accepted, maxFeeRate)) {
      isOver = true
      return { ...common, allowed: false, 'reject-reason': 'max-fee-exceeded' }
    }
    return { ...common, ...testedMemberJson(member) }
  })
}

function testAlone(chain: MethodContext['chain'], transaction: Transaction): PackageOutcome {
  const tested = chain.testTransaction(transaction)
  const member: MemberOutcome = tested.ok
    ? { kind: 'accepted', accepted: tested.value }
    : { kind: 'refused', rejection: tested }
  return { verdict: OK, members: new Map([[memberKey(transaction), member]]) }
}

function paysTooMuch({ fee, virtualSize }: Accepted, maxFeeRate: bigint): boolean {
  return maxFeeRate > 0n && fee > feeAt(maxFeeRate, virtualSize)
}

function testedMemberJson(member: MemberOutcome) {
  if (member.kind === 'refused') {
    const { rejection } = member
    if (isMissingInputs(rejection)) return { allowed: false, 'reject-reason': 'missing-inputs' }
    return {
      allowed: false,
      'reject-reason': rejection.code,
      'reject-details': describeRejection(rejection),
    }
  }
  if (member.kind !== 'accepted') return {}
  const { virtualSize, fee, effectiveRate, effectiveIncludes } = member.accepted
  return {
    allowed: true,
    vsize: virtualSize,
    fees: { base: new BitcoinAmount(fee), ...effectiveJson(effectiveRate, effectiveIncludes) },
  }
}

function submittedJson(transactions: readonly Transaction[], { verdict, members }: PackageOutcome) {
  const replaced = new Set<string>()
  const results = transactions.map(transaction => {
    const member = members.get(memberKey(transaction))
    if (member?.kind === 'accepted') for (const gone of member.accepted.replaced) replaced.add(idOf(gone))
    return [
      txIdToHex(transaction.wtxid),
      { txid: idOf(transaction), ...submittedMemberJson(member) },
    ] as const
  })
  return {
    package_msg: verdict.ok ? 'success' : describeRejection(verdict),
    'tx-results': Object.fromEntries(results),
    'replaced-transactions': [...replaced].sort(),
  }
}

function submittedMemberJson(member: MemberOutcome | undefined) {
  switch (member?.kind) {
    case undefined:
      return { error: 'unevaluated' }
    case 'refused':
      return { error: describeRejection(member.rejection) }
    case 'other-witness':
      return { 'other-wtxid': txIdToHex(member.wtxid) }
    case 'known':
      return { vsize: member.virtualSize, fees: { base: new BitcoinAmount(member.fee) } }
    case 'accepted': {
      const { virtualSize, fee, effectiveRate, effectiveIncludes } = member.accepted
      const fees = { base: new BitcoinAmount(fee), ...effectiveJson(effectiveRate, effectiveIncludes) }
      return { vsize: virtualSize, fees }
    }
  }
}

/** Handing in transactions: bitcoind's calls. */
export function submissionMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'sendrawtransaction',
      category: 'Rawtransactions',
      summary: 'Hands in a transaction, from where it goes to the peers.',
      params: { hexstring: RAW_TRANSACTION, maxfeerate: MAX_FEE_RATE, maxburnamount: MAX_BURN },
      handler: async ({ hexstring, maxfeerate, maxburnamount }) => {
        const transaction = decodeTransaction(hexstring)
        checkBurn(transaction, maxburnamount)
        checkFeeRate(maxfeerate)
        await send(context, transaction, maxfeerate)
        return idOf(transaction)
      },
    }),
    defineMethod({
      name: 'testmempoolaccept',
      category: 'Rawtransactions',
      summary: 'Whether the mempool would take transactions, parents first, each paying for itself.',
      params: { rawtxs: { type: 'array' }, maxfeerate: MAX_FEE_RATE },
      handler: ({ rawtxs, maxfeerate }) => {
        checkFeeRate(maxfeerate)
        return testedJson(context, decodeAll(rawtxs), maxfeerate)
      },
    }),
    defineMethod({
      name: 'submitpackage',
      category: 'Rawtransactions',
      summary: 'Hands in a transaction with its parents, parents first: it may pay for them.',
      params: { package: { type: 'array' }, maxfeerate: MAX_FEE_RATE, maxburnamount: MAX_BURN },
      handler: async ({ package: hexes, maxfeerate, maxburnamount }) => {
        checkFeeRate(maxfeerate)
        const transactions = decodeAll(hexes)
        for (const transaction of transactions) checkBurn(transaction, maxburnamount)
        if (transactions.length > 1 && !isChildWithParentsTree(transactions)) {
          throw new RpcError(
            RPC_CODE.verifyError,
            'package topology disallowed. not child-with-parents or parents depend on each other.',
          )
        }
        const bytes = transactions.map(each => serializeTransaction(each))
        const maxFeeRate = maxfeerate === 0n ? undefined : maxfeerate
        return submittedJson(
          transactions,
          await context.chain.transactions.acceptPackage(bytes, { maxFeeRate }),
        )
      },
    }),
  ]
}
