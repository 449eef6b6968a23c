import {
  addressToScript,
  type ChainParameters,
  knownParametersOf,
  LightClient,
  parseHeader,
  parsePaymentProof,
  scriptToAddress,
  txIdToHex,
} from '@onehop/ledger'
import { attemptDecode, hexToBytes, OK, type Result, type Verdict } from '@onehop/primitives'
import type { RpcClient } from '@onehop/rpc'
import { addressProblem } from './address.ts'
import { nowSeconds } from './clock.ts'
import { OptionError } from './errors.ts'
import { HEADERS_PER_REQUEST, MAX_HEADER_ROUNDS } from './limits.ts'

/** What a proof is checked by. */
export interface LightVerification {
  /** Who gives the headers: a onehop node or bitcoind. It is believed nothing that its work does not show. */
  readonly client: RpcClient
  /** Name of the network whose first block and rules the headers must follow. */
  readonly network: string
  /** A payment proof in hex. */
  readonly proof: string
  readonly signal?: AbortSignal
}

/** What a proof shows. */
export interface LightPayment {
  readonly txid: string
  /** 0 when the block is not in the best chain. */
  readonly confirmations: number
  /** Of the block that has it, where that is in the best chain. */
  readonly height?: number
  /** The tip that was counted to. */
  readonly tipHeight: number
  readonly outputs: readonly { readonly address?: string; readonly sats: bigint }[]
}

/**
 * Checks a payment proof with nothing but the headers that a node gives, each of them checked for its proof of work and
 * its place in the chain.
 * @throws {OptionError} for a network that is not known.
 */
export async function verifyPaymentByHeaders(options: LightVerification): Promise<Result<LightPayment>> {
  const parameters = networkOf(options.network)
  const parsed = attemptDecode('bad-txoutproof', () => parsePaymentProof(hexToBytes(options.proof)))
  if (!parsed.ok) return parsed
  const light = new LightClient(parameters)
  const synced = await fetchHeaders(light, options)
  if (!synced.ok) return synced
  const added = light.addPayment(parsed.value)
  if (!added.ok) return added
  const { payment } = parsed.value
  const confirmed = light.payment(payment.txid)
  return {
    ok: true,
    value: {
      txid: txIdToHex(payment.txid),
      confirmations: confirmed?.confirmations ?? 0,
      ...(confirmed === undefined ? {} : { height: confirmed.block.height }),
      tipHeight: light.best.height,
      outputs: payment.outputs.map(({ value, scriptPubKey }) => {
        const address = scriptToAddress(scriptPubKey, parameters)
        return { sats: value, ...(address === undefined ? {} : { address }) }
      }),
    },
  }
}

/** An address as {@link LightPayment} has it. @throws {OptionError} for a text that is no address of the network. */
export function payeeAddress(text: string, network: string): string {
  const parameters = networkOf(network)
  const script = addressToScript(text, parameters)
  if (!script.ok) throw new OptionError(`${addressProblem(text, parameters)}.`)
  return scriptToAddress(script.value, parameters) ?? text
}

function networkOf(name: string): ChainParameters {
  const parameters = knownParametersOf(name)
  if (parameters === undefined) throw new OptionError(`There is no network "${name}".`)
  return parameters
}

/** Brings the client to the node's tip; starts over from the fork when the node changes its chain meanwhile. */
async function fetchHeaders(light: LightClient, options: LightVerification): Promise<Verdict> {
  let verdict: Verdict = OK
  for (let round = 0; round < MAX_HEADER_ROUNDS; round++) {
    verdict = await fetchOnce(light, options)
    if (verdict.ok || verdict.code !== 'prev-blk-not-found') break
  }
  return verdict
}

async function fetchOnce(light: LightClient, { client, signal }: LightVerification): Promise<Verdict> {
  const call = signal === undefined ? {} : { signal }
  const tipHeight = await client.call<number>('getblockcount', [], call)
  for (let height = 1; height <= tipHeight; height += HEADERS_PER_REQUEST) {
    const count = Math.min(HEADERS_PER_REQUEST, tipHeight - height + 1)
    const heights = Array.from({ length: count }, (_, i) => [height + i])
    const hashes = await client.callMany<string>('getblockhash', heights, call)
    const headers = await client.callMany<string>(
      'getblockheader',
      hashes.map(hash => [hash, false]),
      call,
    )
    const parsed = attemptDecode('header-decode-failed', () =>
      headers.map(hex => parseHeader(hexToBytes(hex))),
    )
    const verdict = parsed.ok ? light.addHeaders(parsed.value, nowSeconds()) : parsed
    if (!verdict.ok) return verdict
  }
  return OK
}
