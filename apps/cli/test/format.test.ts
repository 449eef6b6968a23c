import assert from 'node:assert/strict'
import {
  bitcoins,
  byteCount,
  columnsOf,
  count,
  cutToColumns,
  duration,
  fitted,
  indented,
  percent,
  rate,
  shortened,
  table,
  transferRate,
} from '../src/format.ts'

describe('what people read', () => {
  it('has amounts without trailing zeros', () => {
    assert.equal(bitcoins(5_000_000_000), '50 BTC')
    assert.equal(bitcoins(141), '0.00000141 BTC')
    assert.equal(bitcoins(0), '0 BTC')
    assert.equal(bitcoins(-150_000_000n), '-1.5 BTC')
    assert.equal(bitcoins(1_000_000_000_000), '10000 BTC')
  })

  it('has sizes, rates and times in units that fit', () => {
    assert.deepEqual([0, 1, 17].map(byteCount), ['0 bytes', '1 byte', '17 bytes'])
    assert.equal(byteCount(64 * 1024 * 1024), '64.0 MiB')
    assert.equal(transferRate(64_000_000, 800), '80 MB/s')
    assert.equal(duration(42.4), '42 ms')
    assert.equal(duration(2500), '2.5 s')
    assert.equal(duration(200_000), '3 min 20 s')
    assert.equal(duration(119_700), '2 min 0 s')
    assert.equal(duration(5 * 3_600_000 + 600_000), '5 h 10 min')
    assert.equal(duration(72 * 3_600_000), '3 days')
    assert.deepEqual([0, 999, 340_400, 999_600, 5_240_000, 83_000_000].map(rate), [
      ...['0 B/s', '999 B/s', '340 kB/s', '1.0 MB/s', '5.2 MB/s', '83 MB/s'],
    ])
    assert.deepEqual(
      [percent(0, 3), percent(2999, 3000), percent(3, 3), percent(0, 0)],
      [...['0%', '99%', '100%', '100%']],
    )
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

  it('shortens ids in the middle and names at the end, and shows no control characters', () => {
    assert.equal(shortened('28fafe93e6c5c01a63d188c17dcdb8be'), '28fafe93…7dcdb8be')
    assert.equal(shortened('short'), 'short')
    assert.equal(fitted('a name that is long', 8), 'a name …')
    assert.equal(fitted('red\u001b[31m\u0007\n', 40), 'red?[31m??')
  })

  it('is measured in columns of a terminal', () => {
    assert.deepEqual(['abc', 'ünï', '日本', 'u\u0308', '🎬'].map(columnsOf), [3, 3, 4, 1, 2])
    assert.equal(cutToColumns('a日本b', 4), 'a日')
    assert.equal(cutToColumns('u\u0308x', 1), 'u\u0308')
  })

  it('breaks between words where the terminal ends', () => {
    assert.equal(indented('one two three', 2, 10), '  one two\n  three')
    assert.equal(indented('unbreakable word', 1, 5), ' unbreakable\n word')
    assert.equal(indented('as long as one likes', 1, Number.POSITIVE_INFINITY), ' as long as one likes')
  })
})
