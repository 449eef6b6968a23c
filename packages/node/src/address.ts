import { addressToScript, type ChainParameters } from '@onehop/ledger'
import { RPC_CODE, RpcError } from '@onehop/rpc'

/** Beginnings of segwit addresses: mainnet, the test networks, regtest (BIP 173), onehop. */
const SEGWIT_ADDRESS = /^(bc|tb|bcrt|oh)1/i

/** Why a text is no address of the network: one sentence without its full stop. Undefined when it is one. */
export function addressProblem(address: string, parameters: ChainParameters): string | undefined {
  const script = addressToScript(address, parameters)
  if (script.ok) return undefined
  const { name, bech32Prefix } = parameters
  const prefix = SEGWIT_ADDRESS.exec(address)?.[1]?.toLowerCase()
  const isForeign = prefix !== undefined && prefix !== bech32Prefix
  const reason = isForeign ? 'an address of another network' : (script.detail ?? script.code)
  return `Invalid address "${address}": ${reason}; addresses of ${name} begin with ${bech32Prefix}1`
}

/** The script that pays to an address. @throws {RpcError} -5 when it is none of this network. */
export function scriptOfAddress(address: string, parameters: ChainParameters): Uint8Array {
  const script = addressToScript(address, parameters)
  if (script.ok) return script.value
  throw new RpcError(RPC_CODE.invalidAddressOrKey, `${addressProblem(address, parameters)}.`)
}
