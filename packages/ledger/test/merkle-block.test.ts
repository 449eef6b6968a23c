import assert from 'node:assert/strict'
import {
  asTxId,
  BlockHeader,
  createMerkleBlock,
  createPartialMerkleTree,
  extractMatches,
  MAX_BLOCK_TRANSACTIONS,
  type MerkleBlock,
  merkleRoot,
  type PartialMerkleTree,
  parseMerkleBlock,
  REGTEST,
  serializeMerkleBlock,
  type TxId,
  verifyMerkleBlock,
} from '@onehop/ledger'
import { attemptDecode, concatBytes, sha256d } from '@onehop/primitives'
import fc from 'fast-check'
import { codeOf } from './regtest-chain.ts'

const idOf = (number: number) => asTxId(sha256d(Uint8Array.of(number, number >> 8)))
const idsOf = (count: number) => Array.from({ length: count }, (_, i) => idOf(i))
/** A block's ids and those that are wanted. */
const wanting = fc
  .integer({ min: 1, max: 150 })
  .map(idsOf)
  .chain(ids => fc.tuple(fc.constant(ids), fc.subarray(ids)))

function proofOf(ids: readonly TxId[], wanted: readonly TxId[]): MerkleBlock {
  const { header } = REGTEST.genesis
  const fields = { ...header, version: header.version, merkleRoot: merkleRoot(ids).root }
  return { header: new BlockHeader(fields), tree: createPartialMerkleTree(ids, wanted) }
}

function withTree(proof: MerkleBlock, tree: Partial<PartialMerkleTree>): MerkleBlock {
  return { header: proof.header, tree: { ...proof.tree, ...tree } }
}

const refuses = (proof: MerkleBlock, detail: string, count?: number) => {
  const result = verifyMerkleBlock(proof, count)
  assert.ok(!result.ok)
  assert.deepEqual([result.code, result.blame, result.detail], ['bad-txoutproof', 'sender', detail])
}

describe('a merkle block', () => {
  it('proves what was wanted, in the order of the block, and survives its bytes', () => {
    fc.assert(
      fc.property(wanting, ([ids, wanted]) => {
        const bytes = serializeMerkleBlock(proofOf(ids, wanted))
        const result = verifyMerkleBlock(parseMerkleBlock(bytes), ids.length)
        assert.ok(result.ok, codeOf(result))
        assert.deepEqual(
          result.value.matches,
          ids.flatMap((txid, position) => (wanted.includes(txid) ? [{ txid, position }] : [])),
        )
        assert.deepEqual(serializeMerkleBlock(parseMerkleBlock(bytes)), bytes)
      }),
      { numRuns: 60 },
    )
  })

  it('proves no other transaction, whichever bit of it is turned', () => {
    fc.assert(
      fc.property(wanting, fc.nat(), ([ids, wanted], at) => {
        const bytes = serializeMerkleBlock(proofOf(ids, wanted))
        const bit = at % (bytes.length * 8)
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7))
        const result = attemptDecode('bad-txoutproof', () =>
          verifyMerkleBlock(parseMerkleBlock(bytes), ids.length),
        )
        if (result.ok && result.value.ok)
          for (const { txid, position } of result.value.value.matches) assert.deepEqual(txid, ids[position])
      }),
    )
  })

  it('of a block of one transaction has one hash and one flag', () => {
    const block = REGTEST.genesis
    const { txid } = block.transactions[0]!
    const proof = createMerkleBlock(block, [txid])
    assert.deepEqual(proof.tree, { transactionCount: 1, hashes: [txid], flags: Uint8Array.of(1) })
    assert.deepEqual(verifyMerkleBlock(proof), {
      ok: true,
      value: { root: txid, matches: [{ txid, position: 0 }] },
    })
  })

  it('is refused for each of the reasons of Bitcoin Core', () => {
    const proof = proofOf(idsOf(7), [idOf(3)])
    const { hashes, flags } = proof.tree
    refuses(withTree(proof, { transactionCount: 0 }), 'a tree of no transactions')
    refuses(
      withTree(proof, { transactionCount: MAX_BLOCK_TRANSACTIONS + 1 }),
      'more transactions than a block has',
    )
    refuses(withTree(proof, { transactionCount: 3 }), 'more hashes than transactions')
    refuses(withTree(proof, { flags: new Uint8Array(0) }), 'fewer flags than hashes')
    refuses(withTree(proof, { flags: Uint8Array.of(255) }), 'fewer flags than nodes')
    refuses(withTree(proof, { hashes: hashes.slice(1) }), 'fewer hashes than nodes')
    refuses(withTree(proof, { hashes: [...hashes, idOf(9)] }), 'hashes that no node uses')
    refuses(withTree(proof, { flags: concatBytes(flags, Uint8Array.of(0)) }), 'flags that no node uses')
    refuses({ header: REGTEST.genesis.header, tree: proof.tree }, 'another merkle root')
  })

  it('is refused when it repeats the end of a list for a place that is not there (CVE-2012-2459)', () => {
    const ids = idsOf(3)
    const repeated = [...ids, ids[2]!]
    assert.deepEqual(merkleRoot(repeated).root, merkleRoot(ids).root)
    refuses(proofOf(repeated, [ids[2]!]), 'two equal neighbours')
  })

  it('is refused when a transaction of 64 bytes stands for a node (CVE-2017-12842)', () => {
    const [forged, other] = [idOf(100), idOf(101)]
    const ids = [idOf(0), asTxId(sha256d(concatBytes(forged, other)))]
    const deeper: PartialMerkleTree = {
      transactionCount: 4,
      hashes: [idOf(0), forged, other],
      flags: Uint8Array.of(0b01101),
    }
    assert.deepEqual(extractMatches(deeper).root, merkleRoot(ids).root)
    refuses(withTree(proofOf(ids, []), deeper), 'another number of transactions', 2)
  })

  it('claims no more than its bytes hold, and answers any bytes', () => {
    const head = serializeMerkleBlock(proofOf(idsOf(1), [])).slice(0, 84)
    assert.throws(() => parseMerkleBlock(concatBytes(head, Uint8Array.of(0xfe, 255, 255, 255, 255))), {
      name: 'DecodeError',
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        attemptDecode('bad-txoutproof', () => verifyMerkleBlock(parseMerkleBlock(concatBytes(head, bytes))))
      }),
    )
  })
})
