import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { COOKIE_BYTES } from './limits.ts'

const COOKIE_USER = '__cookie__'
const OWNER_ONLY = 0o600

/** User and password of HTTP's Basic authentication. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** New credentials for one run of a node, as bitcoind makes them. */
export function createCredentials(): Credentials {
  return { user: COOKIE_USER, password: randomBytes(COOKIE_BYTES).toString('hex') }
}

/** Writes `user:password` for other processes of this user: readable by its owner only, replaced in one step. */
export function writeCookie(path: string, { user, password }: Credentials): void {
  const temporary = `${path}.${process.pid}.tmp`
  rmSync(temporary, { force: true })
  writeFileSync(temporary, `${user}:${password}`, { mode: OWNER_ONLY, flag: 'wx' })
  renameSync(temporary, path)
}

/** The credentials in a cookie file; undefined when there is none, or it holds something else. */
export function readCookie(path: string): Credentials | undefined {
  try {
    return parseCredentials(readFileSync(path, 'utf8').trim())
  } catch {
    return undefined
  }
}

/** Removes the cookie, unless another run has replaced it since. */
export function removeCookie(path: string, { password }: Credentials): void {
  if (readCookie(path)?.password === password) rmSync(path, { force: true })
}

/** @returns undefined for text that is not `user:password`. */
export function parseCredentials(text: string): Credentials | undefined {
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The value of an `Authorization` header. */
export function basicAuthorization({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Whether an `Authorization` header carries these credentials; takes the same time whatever differs. */
export function isAuthorized(header: string | undefined, credentials: Credentials): boolean {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return false
  const expected = `${credentials.user}:${credentials.password}`
  return timingSafeEqual(sha256(Buffer.from(encoded, 'base64')), sha256(Buffer.from(expected)))
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
