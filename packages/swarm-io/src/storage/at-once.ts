/** Does something with each, several at a time; stops at the first failure, when those under way are done. */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  limit: number,
  action: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  const run = async () => {
    for (let next = queue.next(); !next.done && !failure; next = queue.next()) {
      await action(next.value).catch((error: unknown) => {
        failure ??= { error }
      })
    }
  }
  await Promise.all(Array.from({ length: limit }, run))
  if (failure) throw failure.error
}
