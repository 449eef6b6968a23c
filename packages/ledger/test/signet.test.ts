import assert from 'node:assert/strict'
import {
  Block,
  BlockHeader,
  type ChainParameters,
  checkBlock,
  checkSignetSolution,
  HeaderTree,
  knownParametersOf,
  OP,
  parseBlock,
  pushBytes,
  REGTEST,
  SIGNET,
  scriptOf,
  serializeBlock,
  signetParameters,
  signetSpendOf,
  Transaction,
  transactionMerkleRoot,
} from '@onehop/ledger'
import { bytesToHex, concatBytes, hash160, hexToBytes, publicKeyOf } from '@onehop/primitives'
import { codeOf, fieldsOf, headerFields, mine, pay, RegtestChain, testKey } from './regtest-chain.ts'

/** The first two blocks of the public signet after the first of all. */
const REAL_BLOCKS = [
  '00000020f61eee3b63a380a477a063af32b2bbc97c9ff9f01f2c4225e973988108000000f575c83235984e7dc4afc1f30944c170462e84437ab6f2d52e16878a79e4678bd1914d5fae77031eccf4070001010000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff025151feffffff0200f2052a010000001600149243f727dd5343293eb83174324019ec16c2630f0000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf94c4fecc7daa2490047304402205e423a8754336ca99dbe16509b877ef1bf98d008836c725005b3c787c41ebe46022047246e4467ad7cc7f1ad98662afcaf14c115e0095a227c7b05c5182591c23e7e01000120000000000000000000000000000000000000000000000000000000000000000000000000',
  '00000020533b53ded9bff4adc94101d32400a144c54edc5ed492a3b26c63b2d686000000b38fef50592017cfafbcab88eb3d9cf50b2c801711cad8299495d26df5e54812e7914d5fae77031ecfdd0b0001010000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff025251feffffff0200f2052a01000000160014fd09839740f0e0b4fc6d5e2527e4022aa9b89dfa0000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf94c4fecc7daa24900473044022031d64a1692cdad1fc0ced69838169fe19ae01be524d831b95fcf5ea4e6541c3c02204f9dea0801df8b4d0cd0857c62ab35c6c25cc47c930630dc7fe723531daa3e9b01000120000000000000000000000000000000000000000000000000000000000000000000000000',
].map(hex => parseBlock(hexToBytes(hex)))

/** A signet of one's own on regtest's proof of work. */
function signet(challenge: Uint8Array): ChainParameters {
  return { ...REGTEST, signetChallenge: challenge }
}

function withCommitment(block: Block, change: (script: Uint8Array) => Uint8Array): Block {
  const [coinbase, ...others] = block.transactions
  const outputs = coinbase!.outputs.with(-1, {
    value: 0n,
    scriptPubKey: change(coinbase!.outputs.at(-1)!.scriptPubKey),
  })
  const transactions = [new Transaction({ ...fieldsOf(coinbase!), outputs }), ...others]
  const { root } = transactionMerkleRoot(transactions)
  return new Block(new BlockHeader({ ...headerFields(block), merkleRoot: root }), transactions)
}

const TAG = hexToBytes('ecc7daa2')

/** Puts a scriptSig and a witness where the block's signature belongs. */
function withSolution(
  block: Block,
  scriptSig: Uint8Array,
  witness: readonly Uint8Array[],
  extra = '',
): Block {
  const parts = witness.flatMap(item => [Uint8Array.of(item.length), item])
  const solution = [Uint8Array.of(scriptSig.length), scriptSig, Uint8Array.of(witness.length), ...parts]
  const pushed = pushBytes(concatBytes(TAG, ...solution, hexToBytes(extra)))
  return withCommitment(block, script => concatBytes(script, pushed))
}

/** Signed by a key whose hash is the challenge, as a witness. */
function signedBlock(key: Uint8Array, challenge: Uint8Array, unsigned: Block): Block {
  const tagged = withCommitment(unsigned, script => concatBytes(script, pushBytes(TAG)))
  const spend = signetSpendOf(tagged, challenge)
  assert.ok(spend.ok)
  const { transaction, spent } = spend.value
  const coin = { output: spent, height: 0, coinbase: false }
  const from = [{ outPoint: transaction.inputs[0]!.previousOutput, coin }]
  const signed = pay({ from, to: transaction.outputs, key, version: 0, sequence: 0 })
  return mine(withSolution(unsigned, new Uint8Array(0), signed.inputs[0]!.witness))
}

describe('a block of a signet', () => {
  const key = testKey(7)
  const challenge = scriptOf(OP[0], pushBytes(hash160(publicKeyOf(key))))
  const chain = new RegtestChain()
  const unsigned = chain.blockOf([])
  const verdictOn = (block: Block, parameters: ChainParameters) =>
    codeOf(checkSignetSolution(block, parameters))

  it('of the public network is signed, and its chain begins where it should', () => {
    const tree = new HeaderTree(SIGNET)
    for (const block of REAL_BLOCKS) {
      assert.equal(codeOf(tree.add(block.header, block.header.time)), 'OK')
      assert.deepEqual(checkBlock(block, SIGNET), { ok: true })
    }
    assert.equal(tree.best.height, 2)
    assert.equal(bytesToHex(SIGNET.magic), '0a03cf40')
    assert.equal(knownParametersOf('signet'), SIGNET)
  })

  it('with a signature for another block, another challenge or none is refused', () => {
    const [first, second] = REAL_BLOCKS as [Block, Block]
    const changed = new Block(
      new BlockHeader({ ...headerFields(first), time: first.header.time + 1 }),
      first.transactions,
    )
    assert.equal(verdictOn(changed, SIGNET), 'bad-signet-blksig')
    const swapped = new Block(first.header, second.transactions)
    assert.equal(verdictOn(swapped, SIGNET), 'bad-signet-blksig')
    const both = signetParameters(Uint8Array.of(OP[2], ...SIGNET.signetChallenge!.subarray(1)))
    assert.equal(verdictOn(first, both), 'bad-signet-blksig')
    assert.equal(verdictOn(unsigned, SIGNET), 'bad-signet-blksig')
  })

  it('is signed for a challenge of one’s own', () => {
    const own = signet(challenge)
    const signed = signedBlock(key, challenge, unsigned)
    assert.deepEqual(checkBlock(signed, own), { ok: true })
    assert.equal(codeOf(checkBlock(mine(unsigned), own)), 'bad-signet-blksig')
    assert.equal(verdictOn(signedBlock(testKey(8), challenge, unsigned), own), 'bad-signet-blksig')
    // The signature does not cover the nonce: a miner searches after it was signed.
    const another = new BlockHeader({ ...headerFields(signed), nonce: signed.header.nonce + 1 })
    assert.equal(verdictOn(new Block(another, signed.transactions), own), 'OK')
    assert.deepEqual(parseBlock(serializeBlock(signed)).hash, signed.hash)
  })

  it('needs no signature where the challenge needs none, and never a malformed one', () => {
    const free = signet(Uint8Array.of(OP[1]))
    assert.equal(verdictOn(unsigned, free), 'OK')
    assert.equal(verdictOn(withSolution(unsigned, new Uint8Array(0), []), free), 'OK')
    const malformed = [
      withSolution(unsigned, new Uint8Array(0), [], '00'),
      withCommitment(unsigned, script => concatBytes(script, pushBytes(concatBytes(TAG, Uint8Array.of(5))))),
      withCommitment(unsigned, () => scriptOf(OP.RETURN)),
    ]
    for (const block of malformed) assert.equal(verdictOn(block, free), 'bad-signet-blksig')
  })

  it('that comes first needs none either', () => {
    assert.equal(verdictOn(REGTEST.genesis, signet(challenge)), 'OK')
    assert.equal(verdictOn(SIGNET.genesis, SIGNET), 'OK')
  })
})
