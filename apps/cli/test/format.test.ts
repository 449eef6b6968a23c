import assert from 'node:assert/strict'
import { bitcoins, byteCount, count, duration, table, transferRate } from '../src/format.ts'

describe('what people read', () => {
  it('has amounts without trailing zeros', () => {
    assert.equal(bitcoins(5_000_000_000), '50 BTC')
    assert.equal(bitcoins(141), '0.00000141 BTC')
    assert.equal(bitcoins(0), '0 BTC')
    assert.equal(bitcoins(-150_000_000n), '-1.5 BTC')
    assert.equal(bitcoins(1_000_000_000_000), '10000 BTC')
  })

  it('has sizes, rates and times in units that fit', () => {
    assert.equal(byteCount(17), '17 bytes')
    assert.equal(byteCount(64 * 1024 * 1024), '64.0 MiB')
    assert.equal(transferRate(64_000_000, 800), '80 MB/s')
    assert.equal(duration(42.4), '42 ms')
    assert.equal(duration(2500), '2.5 s')
    assert.equal(duration(200_000), '3 min 20 s')
    assert.equal(count(1, 'hop'), '1 hop')
    assert.equal(count(0, 'hop'), '0 hops')
  })

  it('has aligned columns', () => {
    const lines = table(
      ['a', 'long heading'],
      [
        ['wide cell', 'x'],
        ['y', ''],
      ],
    ).split('\n')
    assert.equal(lines[1], 'wide cell  x')
    assert.equal(lines[2], 'y')
  })
})
