import { isAbsolute } from 'node:path'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import type { PublishRequest } from '../content/content-service.ts'
import { DEFAULT_SEARCH_LIMIT, MAX_SEARCH_LIMIT } from '../limits.ts'
import { contentOf, type MethodContext } from './method-context.ts'

/** Longest list of paths of one call: each is hashed from start to end. */
const MAX_PATHS = 1_000

const VERSIONS = ['v1', 'v2', 'hybrid'] as const

/** @throws {RpcError} -8 for a path that depends on where the node was started. */
export function absolute(path: unknown): string {
  if (typeof path === 'string' && isAbsolute(path)) return path
  throw new RpcError(
    RPC_CODE.invalidParameter,
    `A path of the node's machine must be absolute, not ${JSON.stringify(path)}.`,
  )
}

/** A text, or an array of them. @throws {RpcError} -3 */
export function textsOf(name: string, value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.every(text => typeof text === 'string')) return texts
  throw new RpcError(RPC_CODE.typeError, `${name} must be a text or an array of texts.`)
}

/** Publishing files and folders, and finding them. */
export function contentMethods(context: MethodContext): RpcMethod[] {
  return [
    publishMethod(context),
    defineMethod({
      name: 'content.hashing',
      category: 'Content',
      summary: 'What is being hashed for publication, and how far it is.',
      handler: () => contentOf(context).hashing(),
    }),
    defineMethod({
      name: 'content.lookup',
      category: 'Content',
      summary: 'Who provides the content.',
      params: { key: { type: 'string', description: 'CID, infohash, magnet link or name' } },
      handler: ({ key }, { signal }) => contentOf(context).lookup(key, signal),
    }),
    defineMethod({
      name: 'content.search',
      category: 'Content',
      summary:
        'Content that carries all the words, the best first: what more nodes provide, then the nearest name.',
      params: {
        words: { type: 'any', description: 'a text, or an array of texts' },
        limit: {
          type: 'integer',
          default: DEFAULT_SEARCH_LIMIT,
          min: 1,
          max: MAX_SEARCH_LIMIT,
          description: 'contents at most',
        },
      },
      handler: ({ words, limit }, { signal }) =>
        contentOf(context).search(textsOf('words', words), limit, signal),
    }),
  ]
}

function publishMethod(context: MethodContext): RpcMethod {
  return defineMethod({
    name: 'content.publish',
    category: 'Content',
    summary: 'Offers files and folders to the network, and tells the overlay that this node has them.',
    params: {
      path: { type: 'string', optional: true, description: 'absolute path of a file or folder' },
      paths: { type: 'array', optional: true, description: 'absolute paths of files and folders' },
      name: { type: 'string', optional: true, description: 'name to publish under; default its own' },
      words: {
        type: 'any',
        optional: true,
        description: 'words to find it by besides those of its name: a text, or an array of texts',
      },
      nameWords: {
        type: 'boolean',
        default: true,
        description: 'whether it is found by the words of its name',
      },
      trackers: {
        type: 'any',
        optional: true,
        description: 'URLs of trackers to announce it to: a text, or an array of texts',
      },
      private: {
        type: 'boolean',
        default: false,
        description: 'peers come from its trackers alone (BEP 27)',
      },
      version: { type: 'string', default: 'v1', description: 'v1, v2 or hybrid (BEP 52)' },
      pieceLength: {
        type: 'integer',
        optional: true,
        description: 'bytes of a piece; default 256 KiB, more for large content',
      },
      comment: { type: 'string', optional: true, description: 'for people, in the .torrent' },
    },
    handler: async ({ path, paths, ...rest }, { signal }) => {
      const all = [...(path === undefined ? [] : [path]), ...(paths ?? [])].map(absolute)
      if (all.length === 0)
        throw new RpcError(RPC_CODE.invalidParameter, 'Name at least one file to publish.')
      if (all.length > MAX_PATHS)
        throw new RpcError(RPC_CODE.invalidParameter, `At most ${MAX_PATHS} files at once.`)
      if (rest.name !== undefined && all.length > 1)
        throw new RpcError(RPC_CODE.invalidParameter, 'One name fits one file only.')
      const request = publishRequest(rest)
      const published = []
      for (const file of all) published.push(await contentOf(context).publish(file, request, signal))
      return published
    },
  })
}

interface PublishParams {
  readonly name: string | undefined
  readonly words: unknown
  readonly nameWords: boolean
  readonly trackers: unknown
  readonly private: boolean
  readonly version: string
  readonly pieceLength: number | undefined
  readonly comment: string | undefined
}

function publishRequest(params: PublishParams): PublishRequest {
  const { name, words, nameWords, trackers, private: isPrivate, pieceLength, comment } = params
  const version = VERSIONS.find(known => known === params.version)
  if (version === undefined)
    throw new RpcError(RPC_CODE.invalidParams, `version must be v1, v2 or hybrid, not "${params.version}".`)
  return {
    nameWords,
    isPrivate,
    version,
    ...(name === undefined ? {} : { name }),
    ...(words === undefined ? {} : { words: textsOf('words', words) }),
    ...(trackers === undefined ? {} : { trackers: textsOf('trackers', trackers) }),
    ...(pieceLength === undefined ? {} : { pieceLengthBytes: pieceLength }),
    ...(comment === undefined ? {} : { comment }),
  }
}
