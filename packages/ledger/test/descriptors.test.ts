import assert from 'node:assert/strict'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import {
  descriptorChecksum,
  descriptorScripts,
  inferDescriptor,
  REGTEST,
  scriptToAddress,
  withChecksum,
} from '../src/index.ts'

const KEY = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'
const OTHER = '03c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5'
const UNCOMPRESSED =
  '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' +
  '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

function hexOf(descriptor: string): string[] | string {
  const scripts = descriptorScripts(descriptor, REGTEST)
  return scripts.ok ? scripts.value.map(bytesToHex) : (scripts.detail ?? '')
}

describe('descriptors', () => {
  it('have the checksums of BIP 380 and of Bitcoin Core’s help', () => {
    assert.equal(descriptorChecksum('raw(deadbeef)'), '89f8spxm')
    assert.equal(
      withChecksum('raw(76a91411b366edfc0a8b66feebae5c2e25a7b6a5d1cf3188ac)'),
      'raw(76a91411b366edfc0a8b66feebae5c2e25a7b6a5d1cf3188ac)#fm24fxxy',
    )
    assert.equal(descriptorChecksum('raw(Ü)'), undefined)
  })

  it('are refused with the words of Bitcoin Core when their checksum is wrong (BIP 380)', () => {
    assert.deepEqual(hexOf('raw(deadbeef)#89f8spxm'), ['deadbeef'])
    assert.deepEqual(hexOf('raw(deadbeef)'), ['deadbeef'])
    assert.match(String(hexOf('raw(deadbeef)#')), /Expected 8 character checksum, not 0 characters/)
    assert.match(String(hexOf('raw(deadbeef)#89f8spxmx')), /Expected 8 character checksum, not 9 characters/)
    assert.match(
      String(hexOf('raw(dedbeef)#89f8spxm')),
      /Provided checksum '89f8spxm' does not match computed checksum/,
    )
    assert.match(String(hexOf('raw(deadbeef)##9f8spxm')), /Multiple '#' symbols/)
    assert.match(String(hexOf('raw(Ü)#00000000')), /Invalid characters in payload/)
  })

  it('stand for the scripts of the BIPs', () => {
    const keyHash = '751e76e8199196d454941c45d1b3a323f1433bd6'
    assert.deepEqual(hexOf(`pk(${KEY})`), [`21${KEY}ac`])
    assert.deepEqual(hexOf(`pk([d34db33f/44'/0']${KEY})`), [`21${KEY}ac`])
    assert.deepEqual(hexOf(`pkh(${KEY})`), [`76a914${keyHash}88ac`])
    assert.deepEqual(hexOf(`wpkh(${KEY})`), [`0014${keyHash}`])
    assert.deepEqual(hexOf(`addr(${ADDRESS})`), [`0014${keyHash}`])
    assert.deepEqual(hexOf(`sh(wpkh(${KEY}))`), ['a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487'])
    assert.deepEqual(hexOf(`combo(${KEY})`), [
      `21${KEY}ac`,
      `76a914${keyHash}88ac`,
      `0014${keyHash}`,
      'a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487',
    ])
    assert.equal(hexOf(`combo(${UNCOMPRESSED})`).length, 2)
    assert.deepEqual(hexOf(`multi(1,${OTHER},${KEY})`), [`5121${OTHER}21${KEY}52ae`])
    assert.deepEqual(hexOf(`sortedmulti(1,${OTHER},${KEY})`), [`5121${KEY}21${OTHER}52ae`])
    assert.deepEqual(hexOf(`rawtr(${KEY.slice(2)})`), [`5120${KEY.slice(2)}`])
  })

  it('stand for BIP 86’s taproot outputs', () => {
    // BIP 86, first receiving address: internal and output key.
    assert.deepEqual(hexOf('tr(cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115)'), [
      '5120a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c',
    ])
  })

  it('nest as Bitcoin Core lets them', () => {
    const [script] = hexOf(`sh(wsh(multi(1,${KEY})))`)
    assert.match(String(script), /^a914.{40}87$/)
    for (const wrong of [
      `wsh(wpkh(${KEY}))`,
      `sh(sh(pk(${KEY})))`,
      `sh(addr(${ADDRESS}))`,
      `wsh(pk(${UNCOMPRESSED}))`,
      `wpkh(${UNCOMPRESSED})`,
      `multi(2,${KEY})`,
      `multi(0,${KEY})`,
      `multi(1,${[KEY, KEY, KEY, KEY].join()})`,
      'multi(1)',
      'addr(x)',
      'raw(0)',
      `pk(05${KEY.slice(2)})`,
      'nonsense(1)',
      '',
      `tr(${'00'.repeat(32)})`,
      `pk(${KEY}`,
    ])
      assert.equal(typeof hexOf(wrong), 'string', wrong)
  })

  it('are inferred from scripts as Bitcoin Core infers them without keys', () => {
    const inferred = (hex: string) => inferDescriptor(hexToBytes(hex), REGTEST).replace(/#.{8}$/, '')
    assert.equal(inferred(`21${KEY}ac`), `pk(${KEY})`)
    assert.equal(inferred(`5121${OTHER}21${KEY}52ae`), `multi(1,${OTHER},${KEY})`)
    assert.equal(inferred(`5120${KEY.slice(2)}`), `rawtr(${KEY.slice(2)})`)
    assert.equal(inferred('0014751e76e8199196d454941c45d1b3a323f1433bd6'), `addr(${ADDRESS})`)
    assert.equal(inferred('6a0568656c6c6f'), 'raw(6a0568656c6c6f)')
    assert.equal(inferred('51024e73'), `addr(${scriptToAddress(hexToBytes('51024e73'), REGTEST)})`)
  })

  it('come back from what they were inferred to', () => {
    for (const hex of [`21${KEY}ac`, `5121${OTHER}52ae`, `5120${KEY.slice(2)}`, '6a', '', '51024e73'])
      assert.deepEqual(hexOf(inferDescriptor(hexToBytes(hex), REGTEST)), [hex])
  })
})
