import { attemptDecode, type Result } from '@onehop/primitives'
import { type Bencoded, type BencodedDictionary, encodeBencode } from '../metainfo/bencode.ts'
import { decodeCompactPeers, encodeCompactPeers, type PeerAddress, parseIpAddress } from '../peer-address.ts'
import { readExtensionDictionary } from './extension-dictionary.ts'

/** Bits of `added.f` (BEP 11). */
export const PEX_FLAG = {
  /** It only uploads. */
  seed: 0x02,
  /** We have connected to it, so that it can be reached. */
  reachable: 0x10,
} as const

/** A peer, and what the sender knows of it. */
export interface PexPeer extends PeerAddress {
  readonly flags: number
}

/** A message of ut_pex (BEP 11): who has joined and who has left since the one before. */
export interface PexMessage {
  readonly added: readonly PexPeer[]
  readonly dropped: readonly PeerAddress[]
}

/** Payload of a `ut_pex` message. */
export function encodePexMessage({ added, dropped }: PexMessage): Uint8Array {
  const dictionary = new Map<string, Bencoded>()
  for (const [family, suffix] of [
    [4, ''],
    [6, '6'],
  ] as const) {
    const ofFamily = added.filter(({ host }) => parseIpAddress(host)?.length === (family === 4 ? 4 : 16))
    dictionary.set(`added${suffix}`, encodeCompactPeers(ofFamily, family))
    dictionary.set(
      `added${suffix}.f`,
      Uint8Array.from(ofFamily, ({ flags }) => flags),
    )
    dictionary.set(`dropped${suffix}`, encodeCompactPeers(dropped, family))
  }
  return encodeBencode(dictionary)
}

/** Fields that are absent are empty; flags that are absent are 0. */
export function parsePexMessage(payload: Uint8Array): Result<PexMessage> {
  return attemptDecode('bad-pex-message', () => {
    const { dictionary } = readExtensionDictionary(payload)
    return {
      added: [...readAdded(dictionary, 'added', 4), ...readAdded(dictionary, 'added6', 6)],
      dropped: [
        ...decodeCompactPeers(bytesAt(dictionary, 'dropped'), 4),
        ...decodeCompactPeers(bytesAt(dictionary, 'dropped6'), 6),
      ],
    }
  })
}

function readAdded(dictionary: BencodedDictionary, key: string, family: 4 | 6): PexPeer[] {
  const flags = bytesAt(dictionary, `${key}.f`)
  return decodeCompactPeers(bytesAt(dictionary, key), family).map((address, i) => ({
    ...address,
    flags: flags[i] ?? 0,
  }))
}

function bytesAt(dictionary: BencodedDictionary, key: string): Uint8Array {
  const value = dictionary.get(key)
  return value instanceof Uint8Array ? value : new Uint8Array(0)
}
