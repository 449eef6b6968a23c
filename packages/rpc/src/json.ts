/** JSON text that stands for a number, kept digit by digit (the ECMAScript proposal that Node 22 and later carry). */
interface RawJson {
  readonly rawJSON: string
}

interface ExactJson {
  rawJSON(text: string): RawJson
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
}

const exactJson = JSON as unknown as ExactJson

/** A value that serialises as exactly these digits. @param digits a JSON number. */
export function rawNumber(digits: string): RawJson {
  return exactJson.rawJSON(digits)
}

/** JSON in one line. A bigint becomes an integer with all its digits. */
export function serializeJson(value: unknown): string {
  return JSON.stringify(value, bigintAsInteger) ?? 'null'
}

/** JSON for people to read, indented by two. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, bigintAsInteger, 2) ?? 'null'
}

function bigintAsInteger(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawNumber(value.toString()) : value
}

/**
 * Parses, and keeps each number's own digits where a JavaScript number would be written otherwise (`0.50000000`, or 17
 * digits), so that {@link formatJson} writes them as they came.
 * @throws {SyntaxError} on text that is not JSON.
 */
export function parseJsonExactly(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawNumber(source) : value,
  )
}
