import type { Publication } from './contract.ts'
import { contentKey, nameKey, wordKey } from './keys.ts'

/** Content that a node has, as its publisher describes it. */
export interface DescribedContent {
  readonly multihash: Uint8Array
  /** At most 255 bytes of UTF-8. */
  readonly name: string
  readonly bytes: number
  /** Normalised: see `contentWords`. */
  readonly words: readonly string[]
}

/** All that is published of content: that it is here, then what its name and each of its words lead to. */
export function contentPublications({ multihash, name, bytes, words }: DescribedContent): Publication[] {
  const described = { displayName: name, bytes }
  const leading = { target: multihash, ...described }
  return [
    { kind: 'content', key: contentKey(multihash), words, ...described },
    { kind: 'name', key: nameKey(name), ...leading },
    ...words.map((word): Publication => ({ kind: 'word', key: wordKey(word), ...leading })),
  ]
}
