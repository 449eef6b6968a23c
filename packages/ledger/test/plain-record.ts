import fc from 'fast-check'

/** fast-check's record without objects that lack a prototype, which `deepEqual` tells apart. */
export function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>
}
