/** Thrown when our own code broke a promise of its own. Never for what a peer or a user sent. */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

/** @throws {AssertionError} when the condition does not hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** The value, which must not be absent. @throws {AssertionError} */
export function assertDefined<T>(value: T | undefined | null, message: string): T {
  assert(value !== undefined && value !== null, message)
  return value
}
