/** Bytes of a file, from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

const ONE_RANGE = /^bytes=\s*(\d{0,16})\s*-\s*(\d{0,16})\s*$/i

/**
 * What a `Range` header asks for (RFC 9110 §14). Undefined: all of it, which is also the answer to what we do not
 * understand and to several ranges at once, as the standard allows. `'unsatisfiable'`: nothing there lies in it.
 */
export function parseRange(
  header: string | undefined,
  lengthBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = ONE_RANGE.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') return suffixOf(Number(last), lengthBytes)
  const start = Number(first)
  const end = last === '' ? lengthBytes : Math.min(Number(last) + 1, lengthBytes)
  if (last !== '' && Number(last) < start) return undefined
  return start >= lengthBytes ? 'unsatisfiable' : { start, end }
}

/** `bytes=-500`: the last 500. */
function suffixOf(wantedBytes: number, lengthBytes: number): ByteRange | 'unsatisfiable' {
  if (wantedBytes === 0 || lengthBytes === 0) return 'unsatisfiable'
  return { start: Math.max(0, lengthBytes - wantedBytes), end: lengthBytes }
}
