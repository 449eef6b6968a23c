import assert from 'node:assert/strict'
import { bytesToHex, DecodeError, magnetParameters, magnetTopics, parseInfohash } from '../src/index.ts'

const HEX = 'c9e15763f722f23e98a29decdfae341b98d53056'
const BASE32 = 'ZHQVOY7XELZD5GFCTXWN7LRUDOMNKMCW'

describe('magnet links', () => {
  it('are a list of parameters, names in lower case and values decoded', () => {
    assert.deepEqual(magnetParameters('MAGNET:?XT=urn:btih:1&dn=a+b%20c&dn=%C3%A9&flag&x='), [
      ['xt', 'urn:btih:1'],
      ['dn', 'a b c'],
      ['dn', 'é'],
      ['flag', ''],
      ['x', ''],
    ])
  })

  it('may have several topics', () => {
    const parameters = magnetParameters('magnet:?xt.1=a&dn=x&xt.2=b&xt=c&xtra=d')
    assert.deepEqual(magnetTopics(parameters), ['a', 'b', 'c'])
  })

  it('are read without what is not percent-encoded UTF-8', () => {
    for (const name of ['caf%E9', '100%', '%ZZ'])
      assert.deepEqual(magnetParameters(`magnet:?dn=${name}&xt=a`), [['xt', 'a']], name)
  })

  for (const text of ['', 'magnet:xt=1', 'http://example.org/?xt=1']) {
    it(`are not "${text}"`, () => assert.throws(() => magnetParameters(text), DecodeError))
  }
})

describe('an infohash', () => {
  it('is written in hexadecimal or Base32, of either case', () => {
    for (const text of [HEX, HEX.toUpperCase(), BASE32, BASE32.toLowerCase()])
      assert.equal(bytesToHex(parseInfohash(text) ?? new Uint8Array(0)), HEX)
  })

  it('is nothing else', () => {
    for (const text of ['', HEX.slice(1), `${HEX}0`, `z${HEX.slice(1)}`, `z${BASE32.slice(1)}`])
      assert.equal(parseInfohash(text), undefined, text)
  })
})
