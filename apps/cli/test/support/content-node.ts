import { EventEmitter, once } from 'node:events'
import {
  type ContentDetails,
  type ContentSummary,
  defineMethod,
  RpcError,
  type ServedContent,
} from '@onehop/rpc'
import { RpcNode } from './rpc-node.ts'

/** What every .torrent of the node is. */
export const TORRENT = Buffer.from('d8:announce2:ab4:infod6:lengthi3eee')

const SUMMARY: ContentSummary = {
  key: 'bahalbum',
  infohash: 'ab'.repeat(20),
  name: 'album',
  path: '/srv/album',
  bytes: 3_000_000,
  bytesWanted: 2_000_000,
  bytesDone: 1_000_000,
  pieces: 12,
  piecesDone: 4,
  magnet: 'magnet:?xt=urn:btih:abab',
  state: 'fetching',
  private: false,
  peers: 2,
  downloadBytesPerSecond: 5_200_000,
  uploadBytesPerSecond: 0,
  downloadedBytes: 1_100_000,
  uploadedBytes: 500_000,
}

const PAUSED: ContentSummary = {
  ...SUMMARY,
  key: 'bahfilm',
  name: 'fi\u001blm.mp4',
  bytesDone: 2_000_000,
  state: 'paused',
  peers: 0,
  downloadBytesPerSecond: 0,
  problem: 'Cannot write /srv/film.mp4: the disk is full.',
}

const PEER = {
  peer: '127.0.0.1:51413',
  client: 'Transmission 3.00',
  transport: 'tcp',
  encrypted: true,
  outbound: false,
  pieces: 6,
  amChoking: false,
  amInterested: true,
  peerChoking: true,
  peerInterested: true,
  snubbing: true,
  slot: 'regular',
  reason: 'among the 4 that gave most',
  requestsOutstanding: 5,
  downloadBytesPerSecond: 5_200_000,
  uploadBytesPerSecond: 340_000,
  downloadedBytes: 10,
  uploadedBytes: 20,
} as const

const DETAILS: ContentDetails = {
  ...SUMMARY,
  pieceLengthBytes: 262_144,
  limits: { downloadBytesPerSecond: null, uploadBytesPerSecond: 512_000, seedRatio: 2, seedMinutes: null },
  sequential: false,
  ratio: 0.5,
  seedingMs: 0,
  etaMs: 90_000,
  availability: 1.25,
  candidates: 7,
  files: [
    {
      index: 0,
      path: 'a.mp3',
      bytes: 1_000_000,
      bytesDone: 1_000_000,
      priority: 'normal',
      url: '/content/bahalbum/a.mp3',
    },
    {
      index: 2,
      path: 'b.mp3',
      bytes: 2_000_000,
      bytesDone: 0,
      priority: 'skip',
      url: '/content/bahalbum/b.mp3',
    },
  ],
  peerList: [
    PEER,
    {
      ...PEER,
      peer: '12D3KooWRv3rwJMrKnj853tf7rdEkfD9ggHTf6gm9HBbCov7ce4T',
      client: 'onehop 0.1.0',
      transport: 'libp2p',
      outbound: true,
      amChoking: true,
      peerChoking: false,
      snubbing: false,
      slot: 'choked',
      reason: 'others gave more',
      downloadBytesPerSecond: 0,
      uploadBytesPerSecond: 0,
    },
  ],
  trackers: [
    {
      url: 'udp://127.0.0.1:6969',
      tier: 0,
      state: 'working',
      seeders: 3,
      leechers: 1,
      nextAnnounceMs: 90_000,
    },
    { url: 'http://t.example/announce', tier: 1, state: 'failing', message: 'connection refused' },
  ],
  pieceMap: Buffer.of(0xf0, 0).toString('base64'),
}

/** Everything that its methods are called with. */
const PARAMETERS =
  'key path deleteFiles skip low normal high torrent output files peers trackers sequential detach ' +
  'downloadBytesPerSecond uploadBytesPerSecond seedRatio seedMinutes stallSeconds oneFile paths name private ' +
  'version pieceLength comment file'

function methodsOf(calls: Record<string, unknown>[], reads: EventEmitter) {
  const any = { type: 'any', optional: true } as const
  const params = Object.fromEntries(PARAMETERS.split(' ').map(name => [name, any]))
  const method = (name: string, answer: (values: Record<string, unknown>, signal: AbortSignal) => unknown) =>
    defineMethod({
      name,
      summary: '',
      params,
      handler: (values, { signal }) => {
        const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
        if (!/\.(list|show|fetches|hashing)$/.test(name)) calls.push({ name, ...given })
        return answer(given, signal)
      },
    })
  const fetched = { key: 'bahalbum', infohash: 'ab', name: 'album', path: '/srv/album', bytes: 16, pieces: 1 }
  let streaming: string | undefined
  return [
    method('content.list', () => [SUMMARY, PAUSED]),
    method('content.show', ({ key }) => {
      if (key === 'unknown') throw new RpcError(-40, 'This node does not have unknown.')
      if (key === 'bahsingle')
        return { ...DETAILS, key: 'bahsingle', files: [{ ...DETAILS.files[0]!, url: '/content/bahsingle' }] }
      return DETAILS
    }),
    method('content.pause', ({ key }) => ({ ...SUMMARY, key, state: 'paused' })),
    method('content.resume', ({ key }) => ({ ...SUMMARY, key })),
    method('content.recheck', () => SUMMARY),
    method('content.remove', () => null),
    method('content.move', ({ path }) => ({ ...SUMMARY, path })),
    method('content.rename', () => DETAILS),
    method('content.files', () => DETAILS),
    method('content.limit', ({ key }) => ({ ...(key === undefined ? {} : { key }), limits: DETAILS.limits })),
    method('content.torrent', ({ key }) => ({ key, name: `of ${key}`, torrent: TORRENT.toString('base64') })),
    method('content.hashing', () => []),
    method('content.fetches', () => {
      const asked = streaming
      return asked === undefined ? [] : [{ asked, key: 'bahsingle', name: '', pieces: 1, chosen: [0] }]
    }),
    method('content.publish', ({ paths }) =>
      (paths as string[]).map((path, i) => ({
        ...fetched,
        key: `bah${i}`,
        path,
        bytes: 3,
        files: 2,
        magnet: 'magnet:?',
        words: [],
        acknowledgements: 0,
      })),
    ),
    method('content.fetch', async ({ key }, signal) => {
      if (key === 'both') throw new RpcError(-32602, 'There are 2 files, and one is streamed: name it.')
      if (key !== 'stream') return { ...fetched, providers: [], elapsedMs: 1 }
      streaming = key
      await once(reads, 'end', { signal }).catch(() => undefined)
      streaming = undefined
      return { ...fetched, providers: ['12D3KooWa'], elapsedMs: 1 }
    }),
  ]
}

/** Stands in for a node that has content. */
export interface ContentNode {
  readonly node: RpcNode
  /** What it was asked for, but for questions. */
  readonly calls: Record<string, unknown>[]
}

export async function startContentNode(): Promise<ContentNode> {
  const calls: Record<string, unknown>[] = []
  /** Says `end` when a file was read to its end. */
  const reads = new EventEmitter()
  const node = await RpcNode.start({
    methods: methodsOf(calls, reads),
    content: id => (id === 'bahsingle' ? singleFile(reads) : undefined),
  })
  return { node, calls }
}

function singleFile(reads: EventEmitter): ServedContent {
  const file = {
    name: 'single',
    lengthBytes: TORRENT.length,
    entityTag: '"x"',
    async *read() {
      yield TORRENT
      reads.emit('end')
    },
  }
  return { kind: 'file', file }
}
