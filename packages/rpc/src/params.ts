import { isMoney } from '@onehop/primitives'
import { decimalText, parseAmount } from './bitcoin-amount.ts'
import { RPC_CODE, RpcError } from './errors.ts'

/** What a handler gets for each type of parameter. */
interface ValueOfType {
  readonly string: string
  /** Lower-case, an even number of digits. */
  readonly hex: string
  readonly integer: number
  readonly number: number
  readonly boolean: boolean
  readonly object: Readonly<Record<string, unknown>>
  readonly array: readonly unknown[]
  /** Bitcoins as a JSON number or text with up to eight decimals; the handler gets satoshis. */
  readonly amount: bigint
  /** An integer, or bitcoind's older boolean: false is 0, true is 1. */
  readonly verbosity: number
  /** Unchecked. */
  readonly any: unknown
}

/** Kinds of values that parameters have. */
export type ParamType = keyof ValueOfType

/** One parameter of a method. */
export interface ParamSpec {
  readonly type: ParamType
  /** May be left out (or null, which is the same); the handler gets undefined. */
  readonly optional?: boolean
  /** What the handler gets when it is left out. */
  readonly default?: unknown
  /** Smallest and largest value of an integer, number or verbosity. */
  readonly min?: number
  readonly max?: number
  /** Exact length of a hex parameter in bytes. */
  readonly lengthBytes?: number
  /** Other names that it may be given by. */
  readonly aliases?: readonly string[]
  /** One line for `help`. */
  readonly description?: string
}

/** A method's parameters by name, in the order of their positions. */
export type ParamSpecs = Readonly<Record<string, ParamSpec>>

type ValueOf<S extends ParamSpec> = S extends { readonly default: unknown }
  ? ValueOfType[S['type']]
  : S extends { readonly optional: true }
    ? ValueOfType[S['type']] | undefined
    : ValueOfType[S['type']]

/** What a handler gets: every parameter by its name. */
export type ParamValues<P extends ParamSpecs> = { readonly [Name in keyof P]: ValueOf<P[Name]> }

/** Parameters as they come in a request: by position, by name, or none. */
export type RawParams = readonly unknown[] | Readonly<Record<string, unknown>> | undefined

/** How a method is called, as bitcoind's help writes it: `getblock "blockhash" ( verbosity )`. */
export function usageOf(method: string, specs: ParamSpecs): string {
  const parts = Object.entries(specs).map(([name, spec]) => {
    const shown = spec.type === 'string' || spec.type === 'hex' ? `"${name}"` : name
    return isRequired(spec) ? shown : `( ${shown} )`
  })
  return [method, ...parts].join(' ')
}

/**
 * Checks a request's parameters against what the method takes.
 * @throws {RpcError} with bitcoind's code and a sentence that names the parameter.
 */
export function parseParams<P extends ParamSpecs>(method: string, specs: P, raw: RawParams): ParamValues<P> {
  const given = raw === undefined ? [] : raw
  const byName = isPositional(given)
    ? namePositions(method, specs, given)
    : resolveNames(method, specs, given)
  const values: Record<string, unknown> = {}
  Object.entries(specs).forEach(([name, spec], position) => {
    const value = byName.get(name)
    if (value !== undefined && value !== null) values[name] = parseValue(name, position, spec, value)
    else if (!isRequired(spec)) values[name] = spec.default
    else throw usageError(method, specs, `the parameter "${name}" is missing`)
  })
  return values as ParamValues<P>
}

function isPositional(raw: NonNullable<RawParams>): raw is readonly unknown[] {
  return Array.isArray(raw)
}

function isRequired(spec: ParamSpec): boolean {
  return spec.optional !== true && spec.default === undefined
}

function usageError(method: string, specs: ParamSpecs, what: string): RpcError {
  const code = method.includes('.') ? RPC_CODE.invalidParams : RPC_CODE.miscError
  return new RpcError(code, `${method}: ${what}; usage: ${usageOf(method, specs)}`)
}

function namePositions(method: string, specs: ParamSpecs, given: readonly unknown[]): Map<string, unknown> {
  const names = Object.keys(specs)
  if (given.length > names.length) {
    throw usageError(method, specs, `takes at most ${names.length} parameters, not ${given.length}`)
  }
  return new Map(given.map((value, position) => [names[position]!, value]))
}

function resolveNames(
  method: string,
  specs: ParamSpecs,
  given: Readonly<Record<string, unknown>>,
): Map<string, unknown> {
  const positional = Array.isArray(given.args) && !('args' in specs) ? given.args : []
  const byName = namePositions(method, specs, positional)
  for (const [givenName, value] of Object.entries(given)) {
    if (givenName === 'args' && !('args' in specs) && Array.isArray(value)) continue
    const name = canonicalName(specs, givenName)
    if (name === undefined) {
      throw new RpcError(RPC_CODE.invalidParameter, `Unknown named parameter ${givenName}`)
    }
    if (byName.has(name)) {
      throw new RpcError(RPC_CODE.invalidParameter, `Parameter ${name} specified twice`)
    }
    byName.set(name, value)
  }
  return byName
}

function canonicalName(specs: ParamSpecs, name: string): string | undefined {
  if (Object.hasOwn(specs, name)) return name
  return Object.keys(specs).find(known => specs[known]?.aliases?.includes(name))
}

function typeNameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function parseValue(name: string, position: number, spec: ParamSpec, value: unknown): unknown {
  const wrongType = (expected: string) =>
    new RpcError(
      RPC_CODE.typeError,
      `Wrong type passed: position ${position + 1} (${name}): ` +
        `JSON value of type ${typeNameOf(value)} is not of expected type ${expected}`,
    )
  switch (spec.type) {
    case 'any':
      return value
    case 'string':
      if (typeof value !== 'string') throw wrongType('string')
      return value
    case 'hex':
      if (typeof value !== 'string') throw wrongType('string')
      return parseHex(name, spec, value)
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType('bool')
      return value
    case 'array':
      if (!Array.isArray(value)) throw wrongType('array')
      return value
    case 'object':
      if (typeNameOf(value) !== 'object') throw wrongType('object')
      return value
    case 'amount':
      return parseAmountParam(name, value)
    case 'verbosity':
      if (typeof value === 'boolean') return value ? 1 : 0
      if (typeof value !== 'number') throw wrongType('number')
      return checkInteger(name, spec, value)
    case 'integer':
      if (typeof value !== 'number') throw wrongType('number')
      return checkInteger(name, spec, value)
    case 'number':
      if (typeof value !== 'number') throw wrongType('number')
      return checkRange(name, spec, value)
  }
}

/** The same check as for a parameter, for hexadecimal values inside of one. @throws {RpcError} */
export function parseHexParam(name: string, value: unknown, lengthBytes?: number): string {
  if (typeof value === 'string')
    return parseHex(name, lengthBytes === undefined ? {} : { lengthBytes }, value)
  throw new RpcError(
    RPC_CODE.typeError,
    `JSON value of type ${typeNameOf(value)} is not of expected type string`,
  )
}

function parseHex(name: string, { lengthBytes }: Pick<ParamSpec, 'lengthBytes'>, text: string): string {
  if (lengthBytes !== undefined && text.length !== 2 * lengthBytes) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      `${name} must be of length ${2 * lengthBytes} (not ${text.length}, for '${shorten(text)}')`,
    )
  }
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      `${name} must be hexadecimal string (not '${shorten(text)}')`,
    )
  }
  return text.toLowerCase()
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}

/** The same check as for a parameter, for amounts inside of one. @returns satoshis. @throws {RpcError} */
export function parseAmountParam(name: string, value: unknown): bigint {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new RpcError(RPC_CODE.typeError, `Amount is not a number or string: ${name}`)
  }
  const sats = parseAmount(typeof value === 'number' ? decimalText(value) : value)
  if (sats === undefined) {
    throw new RpcError(RPC_CODE.typeError, `Invalid amount: ${name} is a number with up to 8 decimals`)
  }
  if (!isMoney(sats)) throw new RpcError(RPC_CODE.typeError, `Amount out of range: ${name}`)
  return sats
}

function checkInteger(name: string, spec: ParamSpec, value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new RpcError(RPC_CODE.miscError, `JSON integer out of range: ${name} must be an integer`)
  }
  return checkRange(name, spec, value)
}

function checkRange(name: string, { min, max }: ParamSpec, value: number): number {
  if (min !== undefined && value < min) {
    throw new RpcError(RPC_CODE.invalidParameter, `${name} must be at least ${min}, not ${value}`)
  }
  if (max !== undefined && value > max) {
    throw new RpcError(RPC_CODE.invalidParameter, `${name} must be at most ${max}, not ${value}`)
  }
  return value
}
