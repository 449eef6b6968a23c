import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError, Datadir } from '@onehop/node'
import { readOrCreate, replaceFile } from '../src/datadir.ts'
import { isIdentity } from '../src/identity.ts'
import { walletFileAt } from '../src/wallet-file.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const modeOf = (path: string) => statSync(path).mode & 0o777

describe("a node's files", () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'onehop-datadir-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const refused = (sentence: RegExp) => (error: Error) =>
    error instanceof ConfigurationError && sentence.test(error.message)

  it('are made when missing, once, for their owner only', () => {
    const path = join(folder, 'secret')
    assert.deepEqual(
      readOrCreate(path, () => bytes('first')),
      Buffer.from('first'),
    )
    assert.deepEqual(
      readOrCreate(path, () => bytes('second')),
      Buffer.from('first'),
    )
    assert.deepEqual([readdirSync(folder), modeOf(path)], [['secret'], 0o600])
  })

  it('keep what another process wrote in the meantime', () => {
    const path = join(folder, 'secret')
    const made = readOrCreate(path, () => {
      writeFileSync(path, 'of the other')
      return bytes('ours')
    })
    assert.equal(Buffer.from(made).toString(), 'of the other')
    assert.deepEqual(readdirSync(folder), ['secret'])
  })

  it('are replaced as a whole', () => {
    const path = join(folder, 'file')
    replaceFile(path, bytes('old, and longer'))
    replaceFile(path, bytes('new'))
    assert.equal(readFileSync(path, 'utf8'), 'new')
    assert.deepEqual(readdirSync(folder), ['file'])
  })

  it('live in a folder that is made with those above it, for its owner only', () => {
    const path = join(folder, 'a', 'b')
    new Datadir(path).create()
    new Datadir(path).create()
    assert.equal(modeOf(path), 0o700)
  })

  it('cannot live where a file is, or below one, or where no folder can be', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    assert.throws(() => new Datadir(file).create(), refused(/is there already/))
    assert.throws(() => new Datadir(join(file, 'a')).create(), refused(/a part of the path is a file/))
    assert.throws(() => new Datadir('/proc/onehop/a').create(), refused(/^The datadir .* cannot be used/))
  })

  it('tell other processes where the node is, as long as it runs', () => {
    const datadir = new Datadir(folder)
    const contents = { url: 'http://127.0.0.1:1', pid: 2, peerId: undefined, addresses: [] }
    datadir.writeRpcFile(contents)
    const { url, pid } = JSON.parse(readFileSync(join(folder, 'rpc.json'), 'utf8')) as typeof contents
    assert.deepEqual([url, pid], [contents.url, contents.pid])
    datadir.removeRpcFile()
    datadir.removeRpcFile()
    assert.deepEqual(readdirSync(folder), [])
  })

  it('hold an identity that stays, and is refused when it is damaged', () => {
    const datadir = new Datadir(folder)
    const identity = datadir.identity()
    assert.ok(isIdentity(identity))
    assert.equal(identity.length, 68)
    assert.deepEqual(datadir.identity(), identity)

    const path = join(folder, 'identity.key')
    const spoilt = Uint8Array.from(identity)
    spoilt[67]! ^= 1
    for (const damage of [spoilt, identity.subarray(0, 40), bytes(''), bytes('key'.repeat(40))]) {
      writeFileSync(path, damage)
      assert.throws(() => datadir.identity(), refused(/identity\.key is damaged/))
    }
  })

  it('that cannot be read are named', () => {
    mkdirSync(join(folder, 'identity.key'))
    assert.throws(
      () => new Datadir(folder).identity(),
      refused(/Cannot read .*identity\.key: it is a folder/),
    )
  })
})

describe('the wallet file', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'onehop-wallet-'))
    path = join(folder, 'wallet.json')
  })

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('holds twelve words of its own, for its owner only, and remembers what is written', () => {
    const file = walletFileAt(path)
    const { mnemonic, handedOutAddresses } = file.read()
    assert.equal(mnemonic.split(' ').length, 12)
    assert.equal(handedOutAddresses, 0)
    file.write({ mnemonic, handedOutAddresses: 7 })
    assert.deepEqual(walletFileAt(path).read(), { mnemonic, handedOutAddresses: 7 })
    assert.equal(modeOf(path), 0o600)
    assert.notEqual(walletFileAt(join(folder, 'other.json')).read().mnemonic, mnemonic)
  })

  const damages: readonly [string, (text: string) => string][] = [
    ['empty', () => ''],
    ['cut off', text => text.slice(0, 30)],
    ['no object', () => 'null'],
    ['without words', () => '{}'],
    ['with a word changed', text => text.replace(/"mnemonic": "\w+/, '"mnemonic": "zzz')],
    ['with a count that is none', text => text.replace('Addresses": 0', 'Addresses": "0"')],
    ['with a negative count', text => text.replace('Addresses": 0', 'Addresses": -1')],
  ]
  for (const [what, damage] of damages) {
    it(`is refused, and left as it is, when it is ${what}`, () => {
      walletFileAt(path).read()
      const damaged = damage(readFileSync(path, 'utf8'))
      writeFileSync(path, damaged)
      assert.throws(
        () => walletFileAt(path).read(),
        (error: Error) => error instanceof ConfigurationError && /is damaged; restore it/.test(error.message),
      )
      assert.equal(readFileSync(path, 'utf8'), damaged)
    })
  }
})
