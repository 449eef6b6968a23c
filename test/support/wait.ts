const POLL_MS = 50
/** When it is given up: a machine that is busy with eight starting nodes takes a minute. */
const DEFAULT_TIMEOUT_MS = 150_000

/**
 * Waits until the condition gives a value that is neither false nor undefined, and returns it.
 * Errors of the condition count as "not yet"; the last one is told when time runs out.
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T | false | undefined> | T | false | undefined,
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let last: unknown = 'the condition did not hold'
  while (Date.now() < deadline) {
    try {
      const value = await condition()
      if (value !== false && value !== undefined) return value
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  throw new Error(
    `waited ${timeoutMs} ms in vain until ${what}: ${last instanceof Error ? last.message : last}`,
  )
}
