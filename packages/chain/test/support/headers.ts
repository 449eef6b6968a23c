import { type BlockHash, BlockHeader, checkProofOfWork, REGTEST } from '@onehop/ledger'

/** Where headers go on. */
export interface HeaderLink {
  readonly hash: BlockHash
  readonly time: number
}

const EASIEST = REGTEST.genesis.header.bits

/** Headers of regtest with proof of work, each on the one before. The salt tells branches apart. */
export function headersOn({ hash, time }: HeaderLink, count: number, salt = 1): BlockHeader[] {
  const merkleRoot = new Uint8Array(32)
  new DataView(merkleRoot.buffer).setUint32(0, salt)
  const headers: BlockHeader[] = []
  let parent = { hash, time }
  for (let i = 0; i < count; i++) {
    const header = solve({ parent, merkleRoot, bits: EASIEST, isWorked: true })
    headers.push(header)
    parent = header
  }
  return headers
}

/** A header without proof of work. @param bits the target that it claims to meet. */
export function lazyHeaderOn(parent: HeaderLink, bits = EASIEST): BlockHeader {
  return solve({ parent, merkleRoot: new Uint8Array(32), bits, isWorked: false })
}

interface Task {
  readonly parent: HeaderLink
  readonly merkleRoot: Uint8Array
  readonly bits: number
  readonly isWorked: boolean
}

function solve({ parent, merkleRoot, bits, isWorked }: Task): BlockHeader {
  for (let nonce = 0; ; nonce++) {
    const time = parent.time + 1
    const header = new BlockHeader({
      version: 0x2000_0000,
      previousBlock: parent.hash,
      merkleRoot,
      time,
      bits,
      nonce,
    })
    if (checkProofOfWork(header.hash, bits, REGTEST.powLimit) === isWorked) return header
  }
}
