import { sha256, utf8Encode } from '@onehop/primitives'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'

const RAW_CODEC = 0x55
const SHA2_256 = 0x12

/** The CIDs that both systems publish and look up: the same in every run. */
export function benchCid(index: number): CID {
  return CID.createV1(RAW_CODEC, create(SHA2_256, sha256(utf8Encode(`onehop bench ${index}`))))
}
