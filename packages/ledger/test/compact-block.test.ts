import assert from 'node:assert/strict'
import {
  asBlockHash,
  Block,
  type CompactBlock,
  completeBlock,
  createCompactBlock,
  MAX_COMPACT_BLOCK_TRANSACTIONS,
  matchCompactBlock,
  OP,
  parseBlock,
  parseBlockTransactions,
  parseBlockTransactionsRequest,
  parseCompactBlock,
  REGTEST,
  serializeBlock,
  serializeBlockTransactions,
  serializeBlockTransactionsRequest,
  serializeCompactBlock,
  serializeHeader,
  serializeTransaction,
  shortIdsOf,
  Transaction,
} from '@onehop/ledger'
import {
  attemptDecode,
  ByteWriter,
  bytesToHex,
  concatBytes,
  DecodeError,
  hexToBytes,
} from '@onehop/primitives'
import fc from 'fast-check'
import { blameOf, chainOf, codeOf, withTransactions } from './regtest-chain.ts'

const HEIGHT = 1
/** The block of rust-bitcoin's `test_compact_block_vector`, made by Elements' implementation of BIP 152. */
const VECTOR = {
  block:
    '000000206c750a364035aefd5f81508a08769975116d9195312ee4520dceac39e1fdc62c4dc67473b8e354358c1e610afeaff7410858bd45df43e2940f8a62bd3d5e3ac943c2975cffff7f200000000002020000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff04016b0101ffffffff020006062a0100000001510000000000000000266a24aa21a9ed4a3d9f3343dafcc0d6f6d4310f2ee5ce273ed34edca6c75db3a73e7f368734200120000000000000000000000000000000000000000000000000000000000000000000000000020000000001021fc20ba2bd745507b8e00679e3b362558f9457db374ca28ffa5243f4c23a4d5f00000000171600147c9dea14ffbcaec4b575e03f05ceb7a81cd3fcbffdffffff915d689be87b43337f42e26033df59807b768223368f189a023d0242d837768900000000171600147c9dea14ffbcaec4b575e03f05ceb7a81cd3fcbffdffffff0200cdf5050000000017a9146803c72d9154a6a20f404bed6d3dcee07986235a8700e1f5050000000017a9144e6a4c7cb5b5562904843bdf816342f4db9f5797870247304402205e9bf6e70eb0e4b495bf483fd8e6e02da64900f290ef8aaa64bb32600d973c450220670896f5d0e5f33473e5f399ab680cc1d25c2d2afd15abd722f04978f28be887012103e4e4d9312b2261af508b367d8ba9be4f01b61d6d6e78bec499845b4f410bcf2702473044022045ac80596a6ac9c8c572f94708709adaf106677221122e08daf8b9741a04f66a022003ccd52a3b78f8fd08058fc04fc0cffa5f4c196c84eae9e37e2a85babe731b57012103e4e4d9312b2261af508b367d8ba9be4f01b61d6d6e78bec499845b4f410bcf276a000000',
  nonce: 18053200567810711460n,
  compact:
    '000000206c750a364035aefd5f81508a08769975116d9195312ee4520dceac39e1fdc62c4dc67473b8e354358c1e610afeaff7410858bd45df43e2940f8a62bd3d5e3ac943c2975cffff7f2000000000a4df3c3744da89fa010a6979e971450100020000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff04016b0101ffffffff020006062a0100000001510000000000000000266a24aa21a9ed4a3d9f3343dafcc0d6f6d4310f2ee5ce273ed34edca6c75db3a73e7f368734200120000000000000000000000000000000000000000000000000000000000000000000000000',
}

/** Two of {@link transactionOf} that have one short id under the first block's header and this nonce. */
const COLLISION = [1_745_533, 16_341_460] as const
const COLLISION_NONCE = 0n

/** A transaction for each number; nothing here looks at its scripts. */
function transactionOf(number: number): Transaction {
  const [coinbase] = REGTEST.genesis.transactions
  return new Transaction({
    version: 2,
    inputs: [
      {
        previousOutput: { txid: coinbase!.txid, index: 0 },
        scriptSig: new Uint8Array(0),
        sequence: 0,
        witness: [],
      },
    ],
    outputs: [{ value: 1n, scriptPubKey: Uint8Array.of(OP.RETURN) }],
    lockTime: number,
  })
}

function blockOf(transactions: readonly Transaction[]): Block {
  return chainOf(0).blockOf(transactions)
}

function idOf(transaction: Transaction | undefined): string {
  return transaction === undefined ? '' : bytesToHex(transaction.wtxid)
}

function numbered(count: number): Transaction[] {
  return Array.from({ length: count }, (_, i) => transactionOf(i))
}

function overTheWire(block: Block, nonce = 7n): CompactBlock {
  return parseCompactBlock(serializeCompactBlock(createCompactBlock(block, nonce)))
}

/** Reconstructs, and gives what was missing from the block itself, as an honest peer does. */
function reconstruct(block: Block, known: Iterable<Transaction>): { bytes: string; fetched: number } {
  const partial = matchCompactBlock(overTheWire(block), known)
  assert.ok(partial.ok)
  const request = serializeBlockTransactionsRequest({ block: block.hash, indexes: partial.value.missing })
  const { indexes } = parseBlockTransactionsRequest(request)
  const transactions = indexes.map(index => block.transactions[index]!)
  const answer = parseBlockTransactions(serializeBlockTransactions({ block: block.hash, transactions }))
  const complete = completeBlock(partial.value, answer.transactions, HEIGHT, REGTEST)
  assert.ok(complete.ok)
  return { bytes: bytesToHex(serializeBlock(complete.value)), fetched: indexes.length }
}

describe('a compact block (BIP 152)', () => {
  it('has the bytes that another implementation gives it, and reads them', () => {
    const block = parseBlock(hexToBytes(VECTOR.block))
    assert.equal(bytesToHex(serializeCompactBlock(createCompactBlock(block, VECTOR.nonce))), VECTOR.compact)
    const compact = parseCompactBlock(hexToBytes(VECTOR.compact))
    assert.equal(bytesToHex(serializeCompactBlock(compact)), VECTOR.compact)
    const partial = matchCompactBlock(compact, block.transactions)
    assert.ok(partial.ok)
    assert.deepEqual(partial.value.missing, [])
  })

  it('asks for places as another implementation writes them', () => {
    for (const [encoded, indexes] of [
      [
        [4, 0, 5, 1, 10],
        [0, 6, 8, 19],
      ],
      [[1, 0], [0]],
      [
        [5, 0, 0, 0, 0, 0],
        [0, 1, 2, 3, 4],
      ],
      [
        [3, 1, 1, 1],
        [1, 3, 5],
      ],
      [
        [3, 0, 0, 253, 0, 1],
        [0, 1, 258],
      ],
    ] as const) {
      const block = asBlockHash(new Uint8Array(32))
      const bytes = concatBytes(block, Uint8Array.from(encoded))
      assert.deepEqual(parseBlockTransactionsRequest(bytes).indexes, indexes)
      assert.deepEqual(serializeBlockTransactionsRequest({ block, indexes }), bytes)
    }
  })

  it('is put together from any part of its transactions, and only the rest is asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), fc.nat(50), (isKnown, strangers) => {
        const transactions = numbered(isKnown.length)
        const block = blockOf(transactions)
        const known = transactions.filter((_, i) => isKnown[i])
        const others = numbered(strangers).map((_, i) => transactionOf(1_000 + i))
        const { bytes, fetched } = reconstruct(block, [...others, ...known, ...known])
        assert.equal(bytes, bytesToHex(serializeBlock(block)))
        assert.equal(fetched, transactions.length - known.length)
      }),
    )
  })

  it('of 2,000 transactions has 6 bytes for each, and less than 500 for the rest', () => {
    const bytes = serializeCompactBlock(createCompactBlock(blockOf(numbered(2_000)), 1n))
    assert.ok(bytes.length < 6 * 2_000 + 500, `${bytes.length} bytes`)
  })

  it('may have any of its transactions prefilled', () => {
    const block = blockOf(numbered(5))
    const { header, nonce, shortIds } = createCompactBlock(block, 3n)
    const prefilled = [0, 2, 5].map(index => ({ index, transaction: block.transactions[index]! }))
    const named = shortIds.filter((_, i) => i !== 1 && i !== 4)
    const compact = parseCompactBlock(serializeCompactBlock({ header, nonce, shortIds: named, prefilled }))
    assert.deepEqual(
      compact.prefilled.map(({ index }) => index),
      [0, 2, 5],
    )
    const partial = matchCompactBlock(compact, numbered(5))
    assert.ok(partial.ok)
    assert.deepEqual(partial.value.transactions.map(idOf), block.transactions.map(idOf))
  })

  it('is refused without blame where two of its transactions have one short id', () => {
    const compact = createCompactBlock(blockOf(numbered(3)), 1n)
    const [first] = compact.shortIds
    const partial = matchCompactBlock({ ...compact, shortIds: [first!, 5, first!] }, [])
    assert.equal(codeOf(partial), 'short-id-collision')
    assert.equal(blameOf(partial as never), 'nobody')
  })

  describe('between two transactions of one short id', () => {
    const { header } = REGTEST.genesis
    const [first, second] = COLLISION.map(transactionOf) as [Transaction, Transaction]
    const prefilled = [{ index: 0, transaction: REGTEST.genesis.transactions[0]! }]
    const shortIds = [shortIdsOf(header, COLLISION_NONCE)(first.wtxid)]
    const compact: CompactBlock = { header, nonce: COLLISION_NONCE, shortIds, prefilled }

    it('takes none where both are known, and asks', () => {
      assert.equal(shortIdsOf(header, COLLISION_NONCE)(second.wtxid), shortIds[0])
      for (const known of [
        [first, second],
        [second, first, second],
      ]) {
        const partial = matchCompactBlock(compact, known)
        assert.ok(partial.ok)
        assert.deepEqual(partial.value.missing, [1])
      }
    })

    it('finds out that it took the wrong one, and blames nobody', () => {
      const block = new Block(
        withTransactions(new Block(header, []), [prefilled[0]!.transaction, first]).header,
        [],
      )
      const partial = matchCompactBlock(compact, [second])
      assert.ok(partial.ok)
      const complete = completeBlock({ ...partial.value, header: block.header }, [], HEIGHT, REGTEST)
      assert.equal(codeOf(complete), 'mutated-block')
      assert.equal(complete.ok ? '' : complete.blame, 'nobody')
      const right = {
        ...partial.value,
        header: block.header,
        transactions: [prefilled[0]!.transaction, first],
      }
      assert.ok(completeBlock(right, [], HEIGHT, REGTEST).ok)
    })
  })

  it('is not completed by more or fewer transactions than were missing', () => {
    const block = blockOf(numbered(3))
    const partial = matchCompactBlock(overTheWire(block), numbered(1))
    assert.ok(partial.ok)
    const missing = partial.value.missing.map(index => block.transactions[index]!)
    for (const fetched of [[], missing.slice(1), [...missing, transactionOf(9)]]) {
      const complete = completeBlock(partial.value, fetched, HEIGHT, REGTEST)
      assert.equal(codeOf(complete), 'invalid compact block/non-matching block transactions')
    }
    const wrong = completeBlock(partial.value, missing.toReversed(), HEIGHT, REGTEST)
    assert.equal(codeOf(wrong), 'mutated-block')
  })

  it('whose witnesses are not those that the coinbase commits to is mutated', () => {
    const [child] = numbered(1)
    const block = blockOf([child!])
    const inputs = child!.inputs.map(input => ({ ...input, witness: [Uint8Array.of(1)] }))
    const { version, outputs, lockTime } = child!
    const witnessed = new Transaction({ version, inputs, outputs, lockTime })
    const partial = matchCompactBlock(overTheWire(block), [])
    assert.ok(partial.ok)
    assert.equal(codeOf(completeBlock(partial.value, [witnessed], HEIGHT, REGTEST)), 'mutated-block')
  })

  describe('is malformed', () => {
    const header = serializeHeader(REGTEST.genesis.header)
    const coinbase = serializeTransaction(REGTEST.genesis.transactions[0]!)
    const shortId = new Uint8Array(6)

    function compactBytes(
      shortIds: number,
      ...prefilled: readonly (readonly [number, Uint8Array])[]
    ): Uint8Array {
      const writer = new ByteWriter().writeBytes(header).writeUint64(0n).writeCompactSize(shortIds)
      for (let i = 0; i < shortIds; i++) writer.writeBytes(shortId)
      writer.writeCompactSize(prefilled.length)
      for (const [skipped, transaction] of prefilled) writer.writeCompactSize(skipped).writeBytes(transaction)
      return writer.toBytes()
    }

    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['without any transaction', compactBytes(0)],
      ['with a prefilled transaction beyond its end', compactBytes(1, [2, coinbase])],
      ['with a prefilled transaction beyond those before it', compactBytes(1, [0, coinbase], [2, coinbase])],
      [
        'with an index that makes the sum of 16 bits overflow',
        compactBytes(3, [0, coinbase], [0xffff, coinbase]),
      ],
      [
        'with a distance that wraps around to an index that was there',
        compactBytes(3, [1, coinbase], [Number.MAX_SAFE_INTEGER, coinbase]),
      ],
      ['with a prefilled transaction that is none', compactBytes(0, [0, new Uint8Array(10)])],
      [
        'with more transactions than 16 bits count',
        compactBytes(MAX_COMPACT_BLOCK_TRANSACTIONS, [0, coinbase]),
      ],
      ['with bytes left over', concatBytes(compactBytes(0, [0, coinbase]), Uint8Array.of(0))],
      [
        'that counts short ids it has not got',
        concatBytes(header, new Uint8Array(8).fill(1), Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff)),
      ],
    ]
    for (const [what, bytes] of cases)
      it(what, () => assert.throws(() => parseCompactBlock(bytes), DecodeError))

    it('not when it has as many transactions as 16 bits count', () => {
      const bytes = compactBytes(MAX_COMPACT_BLOCK_TRANSACTIONS - 1, [0, coinbase])
      const compact = parseCompactBlock(bytes)
      assert.equal(codeOf(matchCompactBlock(compact, [])), 'short-id-collision')
    })

    it('when cut short anywhere', () => {
      const bytes = serializeCompactBlock(createCompactBlock(blockOf(numbered(3)), 1n))
      for (let length = 0; length < bytes.length; length++)
        assert.throws(() => parseCompactBlock(bytes.subarray(0, length)), DecodeError)
    })
  })

  it('and what is said about it never throws anything but a DecodeError, whatever the bytes', () => {
    const block = blockOf(numbered(4))
    const valid = [
      serializeCompactBlock(createCompactBlock(block, 1n)),
      serializeBlockTransactionsRequest({ block: block.hash, indexes: [1, 3] }),
      serializeBlockTransactions({ block: block.hash, transactions: block.transactions }),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...valid),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (bytes, at, value) => {
          const mutated = bytes.slice()
          mutated[at % bytes.length] = value
          for (const parse of [parseCompactBlock, parseBlockTransactionsRequest, parseBlockTransactions]) {
            const parsed = attemptDecode<unknown>('malformed', () => parse(mutated))
            assert.ok(parsed.ok || parsed.blame === 'sender')
          }
          const compact = attemptDecode('malformed', () => parseCompactBlock(mutated))
          const partial = compact.ok ? matchCompactBlock(compact.value, block.transactions) : compact
          if (partial.ok) completeBlock(partial.value, [], HEIGHT, REGTEST)
        },
      ),
    )
  })

  it('asks for no place beyond 16 bits', () => {
    const hash = new Uint8Array(32)
    for (const places of [
      [1, 0xfe, 0xff, 0xff, 0, 0],
      [2, 0, 0xfd, 0xff, 0xff],
      [2, 255, 254, 255, 255, 255, 255, 255, 255, 255, 0],
      [1, 255, 255, 255, 255, 255, 255, 255, 255, 255],
      [0xfd, 0xff, 0xff, 0],
    ])
      assert.throws(
        () => parseBlockTransactionsRequest(concatBytes(hash, Uint8Array.from(places))),
        DecodeError,
      )
  })
})
