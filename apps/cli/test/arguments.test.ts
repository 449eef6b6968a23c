import assert from 'node:assert/strict'
import { decimal, parseBitcoins, size, transferLimit, wholeNumber } from '../src/arguments.ts'
import { UsageFailure } from '../src/failure.ts'

function isUsage(message: RegExp): (error: unknown) => boolean {
  return error => error instanceof UsageFailure && message.test(error.message)
}

describe('what people type', () => {
  it('is an amount of bitcoins with up to eight decimals, taken exactly', () => {
    assert.equal(parseBitcoins('0.1'), 10_000_000n)
    assert.equal(parseBitcoins('20999999.99999999'), 2_099_999_999_999_999n)
    for (const text of ['1e3', '0.000000001', '.5', '1,5', 'much', '']) {
      assert.throws(() => parseBitcoins(text), isUsage(/up to 8 decimals, such as 0\.5/), text)
    }
    for (const text of ['0', '-1', '21000000.00000001']) {
      assert.throws(() => parseBitcoins(text), isUsage(/more than 0 and at most 21000000/), text)
    }
  })

  it('is a number within its range', async () => {
    const nodes = wholeNumber('--nodes', { min: 1, max: 50 })
    assert.equal(await nodes('8'), 8)
    for (const text of ['0', '51', '-3', '2.5', '0x8', ' 8', '', 'eight']) {
      await assert.rejects(nodes(text), isUsage(/^--nodes must be a whole number from 1 to 50/), text)
    }
    const seconds = decimal('--block-time', { min: 0, max: 60 })
    assert.equal(await seconds('0.5'), 0.5)
    for (const text of ['-1', '61', '1e1', 'NaN']) {
      await assert.rejects(seconds(text), isUsage(/^--block-time must be a number/), text)
    }
  })

  it('is a rate or a size with K, M or G of 1024 each', async () => {
    const limit = transferLimit('--upload-limit')
    assert.deepEqual(await Promise.all(['0', '500', '500K', '1.5m', '2MiB', '1GB'].map(limit)), [
      ...[0, 500, 512_000, 1_572_864, 2_097_152, 1_073_741_824],
    ])
    for (const text of ['-1', 'fast', '5 M', '', '1T', '0x10']) {
      await assert.rejects(limit(text), isUsage(/^--upload-limit must be bytes a second, such as 500K/), text)
    }
    assert.equal(await size('--piece-length')('64K'), 65_536)
    await assert.rejects(size('--piece-length')('0'), isUsage(/^--piece-length must be a size/))
  })
})
