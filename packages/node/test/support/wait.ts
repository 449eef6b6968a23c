/** Waits until the condition holds. @throws with the description when it does not within `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`did not happen: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
