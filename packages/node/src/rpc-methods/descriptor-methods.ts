import {
  type ChainParameters,
  descriptorChecksum,
  descriptorScripts,
  scriptToAddress,
  scriptType,
  withChecksum,
} from '@onehop/ledger'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import type { MethodContext } from './method-context.ts'

/** Descriptors that tell where to pay, but not how to spend. */
const NOT_SOLVABLE = /^(?:addr|raw)\(/

/** The scripts of a descriptor. @throws {RpcError} -5 with Core's sentence for one that is none. */
export function scriptsOfDescriptor(descriptor: string, parameters: ChainParameters): readonly Uint8Array[] {
  const scripts = descriptorScripts(descriptor, parameters)
  if (scripts.ok) return scripts.value
  throw new RpcError(RPC_CODE.invalidAddressOrKey, scripts.detail ?? scripts.code)
}

function bodyOf(descriptor: string): string {
  const [body = ''] = descriptor.split('#')
  return body
}

function infoOf(descriptor: string, parameters: ChainParameters) {
  scriptsOfDescriptor(descriptor, parameters)
  const body = bodyOf(descriptor)
  return {
    descriptor: withChecksum(body),
    checksum: descriptorChecksum(body),
    isrange: false,
    issolvable: !NOT_SOLVABLE.test(body),
    hasprivatekeys: false,
  }
}

function addressesOf(descriptor: string, parameters: ChainParameters): string[] {
  const scripts = scriptsOfDescriptor(descriptor, parameters)
  if (!descriptor.includes('#')) throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Missing checksum')
  const addresses = scripts.flatMap(script => {
    // Of the ways in which a key is paid to, the oldest has no address.
    if (scripts.length > 1 && scriptType(script) === 'pubkey') return []
    return scriptToAddress(script, parameters) ?? [undefined]
  })
  if (addresses.every(address => address !== undefined)) return addresses
  throw new RpcError(RPC_CODE.invalidAddressOrKey, 'Descriptor does not have a corresponding address')
}

/** Output descriptors (BIP 380): bitcoind's calls. */
export function descriptorMethods({ parameters }: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'getdescriptorinfo',
      category: 'Util',
      summary: 'A descriptor with its checksum, and what it is good for.',
      params: { descriptor: { type: 'string' } },
      handler: ({ descriptor }) => infoOf(descriptor, parameters),
    }),
    defineMethod({
      name: 'deriveaddresses',
      category: 'Util',
      summary: 'The addresses that a descriptor with its checksum stands for.',
      params: { descriptor: { type: 'string' }, range: { type: 'any', optional: true } },
      handler: ({ descriptor, range }) => {
        const addresses = addressesOf(descriptor, parameters)
        if (range !== undefined) {
          throw new RpcError(
            RPC_CODE.invalidParameter,
            'Range should not be specified for an un-ranged descriptor',
          )
        }
        return addresses
      },
    }),
  ]
}
