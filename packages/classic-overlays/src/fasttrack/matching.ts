import { encodedPointerLength, type Key, type Pointer } from '@onehop/overlay'
import { bytesKey } from '@onehop/primitives'
import { MAX_POINTER_BYTES_PER_MESSAGE, MAX_POINTERS_PER_MESSAGE } from './limits.ts'

/**
 * Pointers of whoever has contents under all the keys: for one key all that lead from it; for several, the words of a
 * search, only of contents that one provider has put under each.
 * @param find live pointers under a key.
 */
export function matching(
  keys: readonly Key[],
  limit: number,
  find: (key: Key) => readonly Pointer[],
): readonly Pointer[] {
  const lists = keys.map(find)
  const [first] = lists
  if (first === undefined || lists.some(list => list.length === 0)) return []
  if (lists.length === 1) return first.slice(0, limit)
  let contents = new Map(first.map(pointer => [contentOf(pointer), [pointer]]))
  for (const list of lists.slice(1)) contents = withAnotherWord(contents, list)
  // Content by content, so that what is cut off is whole contents.
  return [...contents.values()].flat().slice(0, limit)
}

/** Those of the contents that the list has, too. */
function withAnotherWord(
  contents: ReadonlyMap<string, Pointer[]>,
  list: readonly Pointer[],
): Map<string, Pointer[]> {
  const common = new Map<string, Pointer[]>()
  for (const pointer of list) {
    const content = contentOf(pointer)
    const pointers = contents.get(content)
    if (pointers !== undefined) common.set(content, [...pointers, pointer])
  }
  return common
}

function contentOf({ provider, target }: Pointer): string {
  return `${bytesKey(provider)}/${target === undefined ? '' : bytesKey(target)}`
}

/** Lists of pointers that each fit in one message. */
export function pages(pointers: readonly Pointer[]): Pointer[][] {
  const lists: Pointer[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const pointer of pointers) {
    const length = encodedPointerLength(pointer)
    const list = lists.at(-1)
    if (
      list === undefined ||
      bytes + length > MAX_POINTER_BYTES_PER_MESSAGE ||
      list.length === MAX_POINTERS_PER_MESSAGE
    ) {
      lists.push([pointer])
      bytes = length
    } else {
      list.push(pointer)
      bytes += length
    }
  }
  return lists
}
