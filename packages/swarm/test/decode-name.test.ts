import assert from 'node:assert/strict'
import { sha1, utf8Encode } from '@onehop/primitives'
import { type Bencoded, encodeBencode, MAX_NAME_BYTES, parseInfo } from '@onehop/swarm'

const LENGTH = 10

/** An info dictionary of a folder with files of these paths, in bytes. */
function infoOf(name: Uint8Array, paths: readonly Uint8Array[][]): Uint8Array {
  const files = paths.map(
    path =>
      new Map<string, Bencoded>([
        ['length', LENGTH],
        ['path', path],
      ]),
  )
  return encodeBencode(
    new Map<string, Bencoded>([
      ['files', files],
      ['name', name],
      ['piece length', 16_384],
      ['pieces', new Uint8Array(20)],
    ]),
  )
}

/** Its names, as they are read. */
function pathsOf(name: Uint8Array, ...paths: Uint8Array[][]): string[] | string {
  const bytes = infoOf(name, paths)
  const info = parseInfo(bytes, sha1)
  if (!info.ok) return info.detail ?? info.code
  assert.deepEqual(info.value.infohash, sha1(bytes))
  assert.deepEqual(info.value.bytes, bytes)
  return info.value.files.map(file => file.path.join('/'))
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

describe('a name in a torrent that is not UTF-8', () => {
  it('is the right one when it was written in western Europe, and stays itself when it was not', () => {
    assert.deepEqual(pathsOf(latin1('M\xfcnchen'), [latin1('Caf\xe9 5\x80.mp3')]), ['München/Café 5€.mp3'])
    // 第一章, 第二章 in GBK: as many bytes each, which `_` for all of them would make one.
    const chapters = [bytes(0xb5, 0xda, 0xd2, 0xbb, 0xd5, 0xc2), bytes(0xb5, 0xda, 0xb6, 0xfe, 0xd5, 0xc2)]
    assert.deepEqual(pathsOf(utf8Encode('book'), ...chapters.map(name => [name])), [
      'book/µÚÒ»ÕÂ',
      'book/µÚ¶þÕÂ',
    ])
  })

  it('has no backslash, which is half of a character in Shift-JIS', () => {
    // 表.txt
    assert.deepEqual(pathsOf(utf8Encode('f'), [bytes(0x95, 0x5c, 0x2e, 0x74, 0x78, 0x74)]), ['f/•_.txt'])
    assert.match(pathsOf(utf8Encode('f'), [utf8Encode('a\\b')]) as string, /path separator/)
  })

  it('has a character for every byte beyond ASCII, but for five that Windows-1252 does not have', () => {
    for (let byte = 0x80; byte <= 0xff; byte++) {
      const [path = ''] = pathsOf(utf8Encode('f'), [bytes(0x61, byte)]) as string[]
      const expected = [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte)
        ? '_'
        : new TextDecoder('windows-1252').decode(bytes(byte))
      assert.equal(path, `f/a${expected}`)
    }
  })

  it('is not too long because it takes more bytes than it had', () => {
    const long = new Uint8Array(MAX_NAME_BYTES).fill(0xb5)
    assert.deepEqual(pathsOf(utf8Encode('f'), [long]), [`f/${'_'.repeat(MAX_NAME_BYTES)}`])
    assert.match(
      pathsOf(utf8Encode('f'), [new Uint8Array(MAX_NAME_BYTES + 1).fill(0xb5)]) as string,
      /longer/,
    )
  })

  it('is checked as any other is', () => {
    for (const [path, fault] of [
      [[bytes(0xe9, 0x2f, 0x2e, 0x2e, 0x2f, 0x78)], /path separator/],
      [[bytes(0xe9, 0x00)], /control character/],
      [[utf8Encode('..'), bytes(0xe9)], /folder/],
      [[bytes()], /empty/],
    ] as const)
      assert.match(pathsOf(utf8Encode('f'), [...path]) as string, fault)
    const twice = [[latin1('\xc9.txt')], [latin1('\xe9.TXT')]]
    assert.match(pathsOf(utf8Encode('f'), ...twice) as string, /two files have one path/)
    const same = [[latin1('\xe9')], [utf8Encode('é')]]
    assert.match(pathsOf(utf8Encode('f'), ...same) as string, /two files have one path/)
  })

  it('is passed over where the torrent has one in UTF-8 beside it', () => {
    const info = new Map<string, Bencoded>([
      ['length', LENGTH],
      ['name', bytes(0xc3)],
      ['name.utf-8', utf8Encode('名')],
      ['piece length', 16_384],
      ['pieces', new Uint8Array(20)],
    ])
    const parsed = parseInfo(encodeBencode(info), sha1)
    assert.equal(parsed.ok && parsed.value.name, '名')
  })
})
