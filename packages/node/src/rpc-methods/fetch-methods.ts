import { bytesToHex, sha1 } from '@onehop/primitives'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { MAX_TORRENT_FILE_BYTES } from '@onehop/swarm'
import { MAX_FILE_PATTERNS } from '../limits.ts'
import { absolute, textsOf } from './content-methods.ts'
import { contentOf, type MethodContext } from './method-context.ts'

const MS_PER_SECOND = 1_000

/** Fetching. */
export function fetchMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'content.fetch',
      category: 'Content',
      summary: 'Brings the content here, from all its providers at once, and offers it from then on.',
      params: {
        key: { type: 'string', optional: true, description: 'CID, infohash, magnet link or name' },
        output: {
          type: 'string',
          optional: true,
          description: 'absolute path of a file, or of a folder for it',
        },
        torrent: {
          type: 'string',
          optional: true,
          description: 'a .torrent file in Base64, in place of key',
        },
        trackers: { type: 'any', optional: true, description: 'URLs of more trackers' },
        peers: { type: 'any', optional: true, description: 'BitTorrent peers, each host:port' },
        files: {
          type: 'any',
          optional: true,
          description: 'only these files: numbers (3, 2-5) and patterns (*.mp3, disc1/**)',
        },
        oneFile: {
          type: 'boolean',
          optional: true,
          description: 'do nothing unless exactly one file is wanted',
        },
        sequential: { type: 'boolean', optional: true, description: 'fetch the pieces in their order' },
        detach: { type: 'boolean', default: false, description: 'return at once, and go on fetching' },
        downloadBytesPerSecond: { type: 'integer', optional: true, min: 0, description: 'its own limit' },
        uploadBytesPerSecond: { type: 'integer', optional: true, min: 0, description: 'its own limit' },
        seedRatio: {
          type: 'number',
          optional: true,
          min: 0,
          description: 'pause it when so much was uploaded',
        },
        seedMinutes: { type: 'number', optional: true, min: 0, description: 'pause it after so long' },
        stallSeconds: {
          type: 'number',
          optional: true,
          min: 0,
          description: 'give up after so long without a new piece; default 60, 0: never',
        },
      },
      handler: (params, { signal }) => {
        const { key, output, torrent, trackers, peers, files, oneFile, sequential, detach, stallSeconds } =
          params
        if ((key === undefined) === (torrent === undefined))
          throw new RpcError(RPC_CODE.invalidParams, 'content.fetch wants either key or torrent.')
        const torrentBytes = torrent === undefined ? undefined : decodeTorrent(torrent)
        const limits = setOnes(params, ['downloadBytesPerSecond', 'uploadBytesPerSecond'])
        const goals = setOnes(params, ['seedRatio', 'seedMinutes'])
        return contentOf(context).fetcher.fetch(
          {
            asked: key ?? bytesToHex(sha1(torrentBytes!)),
            detach,
            limits,
            goals,
            ...(key === undefined ? {} : { key }),
            ...(torrentBytes === undefined ? {} : { torrent: torrentBytes }),
            ...(output === undefined ? {} : { output: absolute(output) }),
            ...(trackers === undefined ? {} : { trackers: textsOf('trackers', trackers) }),
            ...(peers === undefined ? {} : { peers: textsOf('peers', peers) }),
            ...(files === undefined ? {} : { files: patternsOf(files) }),
            ...(oneFile === undefined ? {} : { oneFile }),
            ...(sequential === undefined ? {} : { sequential }),
            ...(stallSeconds === undefined ? {} : { stallTimeoutMs: patience(stallSeconds) }),
          },
          signal,
        )
      },
    }),
    defineMethod({
      name: 'content.fetches',
      category: 'Content',
      summary: 'The calls of content.fetch that wait, and how far they are.',
      handler: () => contentOf(context).fetcher.fetches(),
    }),
  ]
}

/** @throws {RpcError} */
export function patternsOf(value: unknown): readonly string[] {
  const patterns = textsOf('files', value)
  if (patterns.length <= MAX_FILE_PATTERNS) return patterns
  throw new RpcError(RPC_CODE.invalidParams, `At most ${MAX_FILE_PATTERNS} patterns for files.`)
}

/** Those of the values that are given and not 0, which means none. */
function setOnes<K extends string>(
  params: { readonly [Name in K]: number | undefined },
  names: readonly K[],
): { readonly [Name in K]?: number } {
  const given = names.filter(name => params[name] !== undefined && params[name] !== 0)
  return Object.fromEntries(given.map(name => [name, params[name]])) as { [Name in K]?: number }
}

function patience(seconds: number): number {
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds * MS_PER_SECOND
}

function decodeTorrent(base64: string): Uint8Array {
  const isBase64 = base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64)
  if (!isBase64) throw new RpcError(RPC_CODE.invalidParameter, 'torrent must be a .torrent file in Base64.')
  if (base64.length > (MAX_TORRENT_FILE_BYTES / 3) * 4)
    throw new RpcError(RPC_CODE.invalidParameter, 'The .torrent file is too large.')
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
