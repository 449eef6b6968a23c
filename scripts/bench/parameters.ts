/** A text among a task's parameters. @throws {TypeError} when it is none. */
export function textOf(parameters: Readonly<Record<string, unknown>>, name: string): string {
  const value = parameters[name]
  if (typeof value !== 'string') throw new TypeError(`${name} must be a text`)
  return value
}

/** A number among a task's parameters. @throws {TypeError} when it is none. */
export function numberOf(parameters: Readonly<Record<string, unknown>>, name: string): number {
  const value = parameters[name]
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  return value
}
