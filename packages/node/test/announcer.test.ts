import assert from 'node:assert/strict'
import {
  contentKey,
  infohashToMultihash,
  nameKey,
  type Outcome,
  type Publication,
  wordKey,
} from '@onehop/overlay'
import { bytesToHex, sha256, utf8Encode } from '@onehop/primitives'
import type { TorrentSummary } from '@onehop/swarm-io'
import { pino } from 'pino'
import { Announcer } from '../src/content/announcer.ts'
import { MAX_ANNOUNCEMENTS } from '../src/limits.ts'

const OUTCOME: Outcome = {
  pointers: [],
  hops: 1,
  messages: 1,
  attempts: 1,
  elapsedMs: 1,
  acknowledgements: 3,
}

function torrent(id: number, name: string, words?: readonly string[]): TorrentSummary {
  const infohash = new Uint8Array(20).fill(id) as TorrentSummary['infohash']
  return {
    infohash,
    infohashes: [infohash],
    name,
    path: `/${name}`,
    bytes: 5,
    bytesDone: 5,
    bytesWanted: 5,
    isPrivate: false,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    pieces: 1,
    piecesDone: 1,
    state: 'seeding',
    peers: 0,
    uploadedBytes: 0,
    downloadedBytes: 0,
    magnet: '',
    ...(words === undefined ? {} : { words }),
  }
}

/** An infohash for each name. */
function numbered(name: string): TorrentSummary['infohash'] {
  return sha256(utf8Encode(name)).slice(0, 20) as TorrentSummary['infohash']
}

/** An overlay that notes what is published in it. */
function scene(
  refuses: (publication: Publication) => boolean = () => false,
  bounds: { readonly mostPublications?: number } = {},
) {
  const held = new Map<string, Publication>()
  let isReady = true
  let enter: (outcome: Outcome) => void = () => {}
  const overlay = {
    ...bounds,
    get isReady() {
      return isReady
    },
    ready: new Promise<Outcome>(resolve => {
      enter = resolve
    }),
    publish: async (publication: Publication): Promise<Outcome> => {
      if (refuses(publication)) throw new Error('one too many')
      held.set(bytesToHex(publication.key), publication)
      return OUTCOME
    },
    withdraw: async (key: Uint8Array) => {
      held.delete(bytesToHex(key))
      return OUTCOME
    },
  }
  const announcer = new Announcer(overlay, pino({ level: 'silent' }))
  const isHeld = (key: Uint8Array) => held.has(bytesToHex(key))
  return {
    announcer,
    held,
    wordsHeld: (...words: string[]) => words.map(word => isHeld(wordKey(word))),
    isHeld,
    /** The node has not entered the overlay yet. */
    stayOutside: () => {
      isReady = false
      return (outcome = OUTCOME) => {
        isReady = true
        enter(outcome)
      }
    },
  }
}

const signal = new AbortController().signal

describe('announcing content', () => {
  it('tells of its key, its name and the words of its name, and takes all of it back', async () => {
    const { announcer, held, isHeld, wordsHeld } = scene()
    const film = torrent(1, 'Roman Holiday.mp4')
    assert.equal(await announcer.announce(film, signal), 3)
    assert.equal(held.size, 5)
    assert.ok(isHeld(nameKey('roman holiday.mp4')))
    assert.deepEqual(wordsHeld('roman', 'holiday', 'mp4'), [true, true, true])
    for (const { target, kind } of held.values())
      if (kind !== 'content') assert.deepEqual(target, infohashToMultihash(film.infohash))
    await announcer.withdraw(film)
    assert.equal(held.size, 0)
  })

  it('tells of a hybrid under both its infohashes', async () => {
    const { announcer, held, isHeld } = scene()
    const album = torrent(1, 'album', [])
    const infohashV2 = new Uint8Array(32).fill(2)
    const short = infohashV2.subarray(0, 20) as TorrentSummary['infohash']
    const hybrid = { ...album, infohashV2, infohashes: [album.infohash, short] }
    await announcer.announce(hybrid, signal)
    const sha256Multihash = Uint8Array.of(0x12, 0x20, ...infohashV2)
    assert.ok(isHeld(contentKey(infohashToMultihash(album.infohash))))
    assert.ok(isHeld(contentKey(sha256Multihash)))
    await announcer.withdraw(hybrid)
    assert.equal(held.size, 0)
  })

  it('tells of the words that the publisher chose instead, and when he chooses others, of those', async () => {
    const { announcer, wordsHeld, held } = scene()
    await announcer.announce(torrent(1, 'a.mp4', ['rome', 'holiday']), signal)
    assert.deepEqual(wordsHeld('rome', 'holiday', 'mp4'), [true, true, false])
    await announcer.announce(torrent(1, 'a.mp4', ['holiday', 'paris']), signal)
    assert.deepEqual(wordsHeld('rome', 'holiday', 'paris'), [false, true, true])
    await announcer.announce(torrent(1, 'a.mp4', []), signal)
    assert.deepEqual(
      [...held.values()].map(({ kind }) => kind),
      ['content', 'name'],
    )
  })

  it('succeeds though a word cannot be published, and fails when the content cannot', async () => {
    const { announcer } = scene(({ kind }) => kind === 'word')
    assert.equal(await announcer.announce(torrent(1, 'a.mp4'), signal), 3)
    const full = scene(({ kind }) => kind === 'content')
    await assert.rejects(full.announcer.announce(torrent(1, 'a.mp4'), signal))
  })

  it('waits until the node is in the overlay, and then leaves out what was taken back meanwhile', async () => {
    const { announcer, wordsHeld, stayOutside, held } = scene()
    const enter = stayOutside()
    const announced = Promise.all([
      announcer.announce(torrent(1, 'stays.mp4')),
      announcer.announce(torrent(2, 'goes.mp4')),
    ])
    await announcer.withdraw(torrent(2, 'goes.mp4'))
    assert.equal(held.size, 0)
    enter()
    await announced
    assert.deepEqual(wordsHeld('stays', 'mp4', 'goes'), [true, true, false])
  })

  it('does not tell of a word under which there are enough of its contents, until one of them goes', async () => {
    const { announcer, wordsHeld } = scene()
    const photos = Array.from({ length: 20 }, (_, i) => torrent(i, `holiday ${100 + i}.jpg`))
    for (const photo of photos) await announcer.announce(photo, signal)
    assert.deepEqual(wordsHeld('holiday', '119', 'jpg'), [true, true, true])
    const [first, last] = [photos[0]!, torrent(99, 'x.jpg', ['holiday', 'rome'])]
    await announcer.announce(last, signal)
    assert.deepEqual(announcer.foundBy(photos[19]!), ['holiday', '119', 'jpg'])
    assert.deepEqual(announcer.foundBy(last), ['rome'])
    await announcer.withdraw(first)
    await announcer.announce(last, signal)
    assert.deepEqual(announcer.foundBy(last), ['holiday', 'rome'])
  })

  it('leaves only the words of the last of several calls at once', async () => {
    const { announcer, wordsHeld } = scene()
    await announcer.announce(torrent(1, 'a.mp4', ['rome']), signal)
    await Promise.all([
      announcer.announce(torrent(1, 'a.mp4', ['paris']), signal),
      announcer.announce(torrent(1, 'a.mp4', ['madrid']), signal),
    ])
    assert.deepEqual(wordsHeld('rome', 'paris', 'madrid'), [false, false, true])
  })

  it('is not tried when the node stops before it has entered', async () => {
    const published: Publication[] = []
    const { announcer, stayOutside } = scene(publication => published.push(publication) > 0)
    const enter = stayOutside()
    const leaving = new AbortController()
    const announced = announcer.announce(torrent(1, 'a.mp4'), leaving.signal)
    leaving.abort()
    assert.equal(await announced, 0)
    enter({ ...OUTCOME, acknowledgements: 0, failure: 'cancelled' })
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(published, [])
  })

  it('is bounded: words are left out first, then it is refused, and what is taken back makes room', async () => {
    const { announcer, held } = scene()
    const words = (content: number) => Array.from({ length: 16 }, (_, i) => `word${i}of${content}`)
    const count = Math.floor(MAX_ANNOUNCEMENTS / 18)
    const films = Array.from({ length: count }, (_, i) =>
      torrent(i, `film${i}`, i === 0 ? ['few'] : words(i)),
    )
    for (const film of films) await announcer.announce({ ...film, infohash: numbered(film.name) }, signal)
    const left = MAX_ANNOUNCEMENTS - 18 * (count - 1) - 3
    assert.ok(left > 2 && left < 19, 'not enough for all words of another one')
    const last = { ...torrent(1, 'last', ['rare', ...words(count)]), infohash: numbered('last') }
    await announcer.announce(last, signal)
    assert.equal([...held.values()].filter(({ displayName }) => displayName === 'last').length, left)
    const refused = { ...torrent(1, 'refused'), infohash: numbered('refused') }
    await assert.rejects(
      announcer.announce(refused, signal),
      /^RpcError: This node announces as much as it may/,
    )
    await announcer.announceFetched(refused, signal)
    await announcer.withdraw(last)
    assert.equal(await announcer.announce(refused, signal), 3)
  })

  it('is bounded by what the overlay takes of one node', async () => {
    const { announcer, held } = scene(undefined, { mostPublications: 5 })
    await announcer.announce({ ...torrent(1, 'first'), infohash: numbered('first') }, signal)
    const second = { ...torrent(1, 'second', ['rare']), infohash: numbered('second') }
    await announcer.announce(second, signal)
    assert.equal(held.size, 5)
    const third = { ...torrent(1, 'third'), infohash: numbered('third') }
    await assert.rejects(
      announcer.announce(third, signal),
      /^RpcError: This node announces as much as it may/,
    )
  })

  it('of many contents after a restart leaves none out, also when one fails', async () => {
    const { announcer, wordsHeld } = scene(({ displayName }) => displayName === 'film7.mp7')
    const films = Array.from({ length: 50 }, (_, i) => torrent(i, `film${i}.mp${i}`))
    await announcer.announceAll(films)
    for (const [i] of films.entries()) assert.deepEqual(wordsHeld(`film${i}`), [i !== 7])
  })
})
