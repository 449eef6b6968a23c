import { isAbsolute } from 'node:path'
import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import { DEFAULT_SEARCH_LIMIT, MAX_SEARCH_LIMIT } from '../limits.ts'
import { contentOf, type MethodContext } from './method-context.ts'

/** Longest list of paths of one call: each is hashed from start to end. */
const MAX_PATHS = 1_000

function absolute(path: unknown): string {
  if (typeof path === 'string' && isAbsolute(path)) return path
  throw new RpcError(
    RPC_CODE.invalidParameter,
    `A path of the node's machine must be absolute, not ${JSON.stringify(path)}.`,
  )
}

/** A text, or an array of them. */
function textsOf(name: string, value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.every(text => typeof text === 'string')) return texts
  throw new RpcError(RPC_CODE.typeError, `${name} must be a text or an array of texts.`)
}

/** Publishing, finding and fetching files. */
export function contentMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'content.publish',
      category: 'Content',
      summary: 'Offers files to the network, and tells the overlay that this node has them.',
      params: {
        path: { type: 'string', optional: true, description: 'absolute path of a file' },
        paths: { type: 'array', optional: true, description: 'absolute paths of files' },
        name: {
          type: 'string',
          optional: true,
          description: "name to publish under; default the file's own",
        },
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
      },
      handler: async ({ path, paths, name, words, nameWords }, { signal }) => {
        const all = [...(path === undefined ? [] : [path]), ...(paths ?? [])].map(absolute)
        if (all.length === 0)
          throw new RpcError(RPC_CODE.invalidParameter, 'Name at least one file to publish.')
        if (all.length > MAX_PATHS)
          throw new RpcError(RPC_CODE.invalidParameter, `At most ${MAX_PATHS} files at once.`)
        if (name !== undefined && all.length > 1) {
          throw new RpcError(RPC_CODE.invalidParameter, 'One name fits one file only.')
        }
        const request = {
          nameWords,
          ...(name === undefined ? {} : { name }),
          ...(words === undefined ? {} : { words: textsOf('words', words) }),
        }
        const published = []
        for (const file of all) published.push(await contentOf(context).publish(file, request, signal))
        return published
      },
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
    defineMethod({
      name: 'content.fetch',
      category: 'Content',
      summary: 'Brings the content here, from all its providers at once.',
      params: {
        key: { type: 'string', description: 'CID, infohash, magnet link or name' },
        output: {
          type: 'string',
          optional: true,
          description: 'absolute path of a file, or of a folder for it',
        },
      },
      handler: ({ key, output }, { signal }) =>
        contentOf(context).fetch(key, output === undefined ? undefined : absolute(output), signal),
    }),
    defineMethod({
      name: 'content.list',
      category: 'Content',
      summary: 'What this node offers and fetches.',
      handler: () => contentOf(context).list(),
    }),
    defineMethod({
      name: 'content.remove',
      category: 'Content',
      summary: 'Stops offering the content and takes its pointers back; the file stays.',
      params: { key: { type: 'string', description: 'CID, infohash, magnet link or name' } },
      handler: async ({ key }) => {
        await contentOf(context).remove(key)
        return null
      },
    }),
    defineMethod({
      name: 'swarm.list',
      category: 'Content',
      summary: 'What this node offers and fetches, with rates and traffic.',
      handler: () => contentOf(context).traffic(),
    }),
  ]
}
