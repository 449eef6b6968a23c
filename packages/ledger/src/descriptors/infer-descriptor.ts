import { bytesToHex } from '@onehop/primitives'
import { scriptToAddress } from '../address.ts'
import type { ChainParameters } from '../params.ts'
import { instructions } from '../script/script-parser.ts'
import { witnessProgramOf } from '../script/script-patterns.ts'
import { multisigOf, scriptType } from '../script/script-type.ts'
import { withChecksum } from './descriptor-checksum.ts'

/**
 * The descriptor of a script of which nothing more is known (BIP 380, as Bitcoin Core infers it without keys), with its
 * checksum: by its keys where it shows them, else by its address, else by its bytes.
 */
export function inferDescriptor(script: Uint8Array, parameters: ChainParameters): string {
  return withChecksum(describe(script, parameters))
}

function describe(script: Uint8Array, parameters: ChainParameters): string {
  const type = scriptType(script)
  if (type === 'pubkey') return `pk(${keysOf(script).join()})`
  if (type === 'multisig') return `multi(${[multisigOf(script)?.required, ...keysOf(script)].join()})`
  if (type === 'witness_v1_taproot')
    return `rawtr(${bytesToHex(witnessProgramOf(script)?.program ?? new Uint8Array(0))})`
  const address = scriptToAddress(script, parameters)
  return address === undefined ? `raw(${bytesToHex(script)})` : `addr(${address})`
}

function keysOf(script: Uint8Array): string[] {
  return [...instructions(script)].flatMap(({ data }) =>
    data !== undefined && data.length > 1 ? [bytesToHex(data)] : [],
  )
}
