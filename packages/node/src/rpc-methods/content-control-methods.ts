import { defineMethod, RPC_CODE, RpcError, type RpcMethod } from '@onehop/rpc'
import type { LimitChanges } from '@onehop/swarm-io'
import type { ContentControl } from '../content/content-control.ts'
import type { Priority } from '../content/file-choice.ts'
import { absolute } from './content-methods.ts'
import { patternsOf } from './fetch-methods.ts'
import { contentOf, type MethodContext } from './method-context.ts'

const KEY = {
  type: 'string',
  description: 'key, infohash (or the beginning of one), magnet link or name',
} as const

const LIMIT = {
  downloadBytesPerSecond: { type: 'integer', optional: true, min: 0, description: '0: no limit' },
  uploadBytesPerSecond: { type: 'integer', optional: true, min: 0, description: '0: no limit' },
  seedRatio: { type: 'number', optional: true, min: 0, description: 'pause it then; 0: no goal' },
  seedMinutes: { type: 'number', optional: true, min: 0, description: 'pause it then; 0: no goal' },
} as const

/** What is done with content that the node has, or fetches. */
export function contentControlMethods(context: MethodContext): RpcMethod[] {
  return [...lookingMethods(context), ...changingMethods(context), ...fileMethods(context)]
}

function controlOf(context: MethodContext): ContentControl {
  return contentOf(context).control
}

function lookingMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'content.list',
      category: 'Content',
      summary: 'What this node offers and fetches.',
      handler: () => contentOf(context).list(),
    }),
    defineMethod({
      name: 'swarm.list',
      category: 'Content',
      summary: 'The same as content.list.',
      handler: () => contentOf(context).list(),
    }),
    defineMethod({
      name: 'content.show',
      category: 'Content',
      summary: 'Everything about one content: files, peers and why each is choked or not, trackers, pieces.',
      params: { key: KEY },
      handler: ({ key }) => controlOf(context).show(key),
    }),
    defineMethod({
      name: 'content.torrent',
      category: 'Content',
      summary: 'The .torrent file of content, in Base64.',
      params: { key: KEY },
      handler: ({ key }) => controlOf(context).torrentFile(key),
    }),
  ]
}

function changingMethods(context: MethodContext): RpcMethod[] {
  return [
    defineMethod({
      name: 'content.pause',
      category: 'Content',
      summary: 'Lets nothing of the content in or out until it is resumed.',
      params: { key: KEY },
      handler: ({ key }) => controlOf(context).pause(key),
    }),
    defineMethod({
      name: 'content.resume',
      category: 'Content',
      summary: 'Goes on with content that is paused.',
      params: { key: KEY },
      handler: ({ key }) => controlOf(context).resume(key),
    }),
    defineMethod({
      name: 'content.recheck',
      category: 'Content',
      summary: 'Verifies what is on the disk again, piece by piece.',
      params: { key: KEY },
      handler: ({ key }) => controlOf(context).recheck(key),
    }),
    defineMethod({
      name: 'content.limit',
      category: 'Content',
      summary: 'Limits rates, and sets when it has been seeded enough. What is left out stays.',
      params: {
        key: { ...KEY, optional: true, description: 'default: the whole node, rates only' },
        ...LIMIT,
      },
      handler: ({ key, ...changes }) => {
        const isNodes = key === undefined
        if (isNodes && (changes.seedRatio !== undefined || changes.seedMinutes !== undefined))
          throw new RpcError(RPC_CODE.invalidParams, 'Seeding goals are of one content each: name it.')
        return controlOf(context).limit(key, changesOf(changes))
      },
    }),
    defineMethod({
      name: 'content.remove',
      category: 'Content',
      summary: 'Stops offering the content and takes its pointers back; the files stay.',
      params: {
        key: KEY,
        deleteFiles: { type: 'boolean', default: false, description: 'whether the files go too' },
      },
      handler: async ({ key, deleteFiles }) => {
        await controlOf(context).remove(key, deleteFiles)
        return null
      },
    }),
  ]
}

function fileMethods(context: MethodContext): RpcMethod[] {
  const patterns = { type: 'any', optional: true, description: 'numbers (3, 2-5) and patterns' } as const
  return [
    defineMethod({
      name: 'content.move',
      category: 'Content',
      summary: 'Moves the content on the disk; it is offered from there.',
      params: { key: KEY, path: { type: 'string', description: 'absolute path, or a folder that is there' } },
      handler: ({ key, path }, { signal }) => controlOf(context).move(key, absolute(path), signal),
    }),
    defineMethod({
      name: 'content.rename',
      category: 'Content',
      summary: 'Gives one of several files another path on the disk.',
      params: {
        key: KEY,
        file: { type: 'string', description: 'its number or its path' },
        path: { type: 'string', description: "the new one, below the content's folder" },
      },
      handler: ({ key, file, path }) => controlOf(context).rename(key, file, path),
    }),
    defineMethod({
      name: 'content.files',
      category: 'Content',
      summary: 'Says which files are wanted, and how much: of several wishes for one file the last counts.',
      params: { key: KEY, skip: patterns, low: patterns, normal: patterns, high: patterns },
      handler: ({ key, ...given }) => {
        const wishes = new Map<Priority, readonly string[]>()
        for (const priority of ['skip', 'low', 'normal', 'high'] as const) {
          if (given[priority] !== undefined) wishes.set(priority, patternsOf(given[priority]))
        }
        return controlOf(context).setFiles(key, wishes)
      },
    }),
  ]
}

type Given = { readonly [Name in keyof LimitChanges]?: number | undefined }

/** 0 takes a limit away. */
function changesOf(given: Given): LimitChanges {
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set.map(([name, value]) => [name, value === 0 ? null : value]))
}
