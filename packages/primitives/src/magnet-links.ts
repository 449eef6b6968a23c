import { hexToBytes } from './bytes.ts'
import { decodeBase32 } from './encodings.ts'
import { DecodeError } from './verdict.ts'

const SCHEME = /^magnet:\?/i
const INFOHASH_HEX = /^[0-9a-fA-F]{40}$/
const INFOHASH_BASE32 = /^(?:[a-z2-7]{32}|[A-Z2-7]{32})$/

/** One parameter of a magnet link: its name in lower case, and its value with the percent-encoding undone. */
export type MagnetParameter = readonly [name: string, value: string]

/**
 * All parameters of a magnet link, in their order. Those that are not percent-encoded UTF-8 are left out: links of old
 * sites name the content in other encodings, and what matters in them is ASCII.
 * @throws {DecodeError} for any other text.
 */
export function magnetParameters(link: string): MagnetParameter[] {
  if (!SCHEME.test(link)) throw new DecodeError('not a magnet link')
  return link
    .slice(link.indexOf('?') + 1)
    .split('&')
    .flatMap(parameter => splitParameter(parameter) ?? [])
}

/** What the link leads to: the values of `xt`, or of `xt.1`, `xt.2`, … */
export function magnetTopics(parameters: readonly MagnetParameter[]): string[] {
  return parameters.filter(([name]) => /^xt(?:\.\d+)?$/.test(name)).map(([, value]) => value)
}

/** A BitTorrent v1 infohash, 20 bytes, in 40 hexadecimal or 32 Base32 digits (BEP 9); undefined for any other text. */
export function parseInfohash(text: string): Uint8Array | undefined {
  if (INFOHASH_HEX.test(text)) return hexToBytes(text)
  return INFOHASH_BASE32.test(text) ? decodeBase32(text) : undefined
}

function splitParameter(parameter: string): [MagnetParameter] | undefined {
  const equals = parameter.indexOf('=')
  if (equals < 0) return [[parameter.toLowerCase(), '']]
  const value = percentDecode(parameter.slice(equals + 1))
  return value === undefined ? undefined : [[parameter.slice(0, equals).toLowerCase(), value]]
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
