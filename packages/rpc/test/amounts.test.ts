import assert from 'node:assert/strict'
import { BitcoinAmount, formatJson, parseAmount, parseJsonExactly, serializeJson } from '@onehop/rpc'

describe('amounts', () => {
  it('serialise as JSON numbers with eight decimals', () => {
    const amounts = [0n, 1n, 50_000_000n, 2_099_999_999_999_999n, -141n].map(sats => new BitcoinAmount(sats))
    assert.equal(serializeJson(amounts), '[0.00000000,0.00000001,0.50000000,20999999.99999999,-0.00000141]')
  })

  it('parse decimals exactly and refuse more than eight of them', () => {
    assert.equal(parseAmount('0.1'), 10_000_000n)
    assert.equal(parseAmount('20999999.99999999'), 2_099_999_999_999_999n)
    assert.equal(parseAmount('1.000000000'), 100_000_000n)
    for (const text of ['', '.', '1.', '.5', '1e3', '0.000000001', '1,5', ' 1', 'one', '0x1']) {
      assert.equal(parseAmount(text), undefined, text)
    }
  })

  it('survive parsing and printing by a client digit by digit', () => {
    const text = '{\n  "amount": 0.50000000,\n  "work": 123456789012345678901234567890,\n  "n": 7\n}'
    assert.equal(formatJson(parseJsonExactly(text)), text)
  })

  it('are beside bigints, which keep all their digits', () => {
    assert.equal(serializeJson({ work: 2n ** 70n }), '{"work":1180591620717411303424}')
  })
})
