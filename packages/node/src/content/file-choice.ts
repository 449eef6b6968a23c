import { SwarmError } from '@onehop/swarm-io'

/** How much a file is wanted. */
export type Priority = 'skip' | 'low' | 'normal' | 'high'

/** A file to choose from: its path below the content's folder, with `/`. */
export interface ChosenFile {
  readonly index: number
  readonly path: string
}

const RANGE = /^(\d{1,9})(?:-(\d{1,9}))?$/

/**
 * Tells which files are meant by numbers (`3`, `2-5`), or by patterns: `*` and `?` stand for characters, `**` for folders
 * too; a pattern without `/` is matched with the file's own name; a folder means all that is in it.
 * @throws {SwarmError} `not-found` when one of them means no file.
 */
export function filesMeantBy(patterns: readonly string[], files: readonly ChosenFile[]): Set<number> {
  const meant = new Set<number>()
  for (const pattern of patterns) {
    const test = matcherOf(pattern)
    const found = files.filter(test)
    if (found.length === 0) {
      throw new SwarmError('not-found', `"${pattern}" means none of the ${files.length} files.`)
    }
    for (const { index } of found) meant.add(index)
  }
  return meant
}

function matcherOf(pattern: string): (file: ChosenFile) => boolean {
  const [, first, last = first] = RANGE.exec(pattern) ?? []
  if (first !== undefined) return ({ index }) => index >= Number(first) && index <= Number(last)
  const bare = pattern.replace(/^\.\//, '').replace(/\/+$/, '')
  const whole = expressionOf(bare)
  if (bare.includes('/')) return ({ path }) => whole.test(path)
  return ({ path }) => path.split('/').some(part => whole.test(part)) || whole.test(path)
}

/** Also matches what lies in a folder that matches. */
function expressionOf(glob: string): RegExp {
  const source = glob.replace(/\*\*\/?|[*?]|[\\^$.|+()[\]{}]/g, token => {
    if (token.startsWith('**')) return token.endsWith('/') ? '(?:.*/)?' : '.*'
    if (token === '*') return '[^/]*'
    return token === '?' ? '[^/]' : `\\${token}`
  })
  return new RegExp(`^${source}(?:/.*)?$`, 'u')
}

/** A file's path below the content's folder, with `/`; the name of a single file. */
export function pathBelowRoot({ path }: { readonly path: readonly string[] }): string {
  return (path.length === 1 ? path : path.slice(1)).join('/')
}
