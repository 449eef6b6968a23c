import { assert } from './assert.ts'

/** Thrown by a decoder for bytes that are not what they should be. Edges turn it into a {@link Verdict}. */
export class DecodeError extends Error {
  override name = 'DecodeError'
}

/**
 * Who is to blame for a refusal.
 * - `sender`: malformed, or against consensus whatever else is known. Gossip rejects and penalises.
 * - `nobody`: policy, conflict, missing input, unknown parent, from the future. Gossip ignores.
 */
export type Blame = 'sender' | 'nobody'

/** A refusal. `code` is Bitcoin Core's reject string where it has one; `detail` is for people. */
export interface Rejection {
  readonly ok: false
  readonly code: string
  readonly blame: Blame
  readonly detail?: string
}

/** The result of checking what a peer or a user sent: a value, never an exception. */
export type Verdict = { readonly ok: true } | Rejection

/** The verdict of everything that is in order. */
export const OK: { readonly ok: true } = Object.freeze({ ok: true })

/** A refusal that the sender could have avoided. */
export function invalid(code: string, detail?: string): Rejection {
  return detail === undefined
    ? { ok: false, code, blame: 'sender' }
    : { ok: false, code, blame: 'sender', detail }
}

/** A refusal that is no one's fault. */
export function refused(code: string, detail?: string): Rejection {
  return detail === undefined
    ? { ok: false, code, blame: 'nobody' }
    : { ok: false, code, blame: 'nobody', detail }
}

/** Runs checks in order up to the first that refuses. */
export function firstRejection(...checks: readonly (() => Verdict)[]): Verdict {
  for (const check of checks) {
    const verdict = check()
    if (!verdict.ok) return verdict
  }
  return OK
}

/** One line for people and logs: the code, and the detail where there is one. */
export function describeRejection(rejection: Rejection): string {
  return rejection.detail === undefined ? rejection.code : `${rejection.code}, ${rejection.detail}`
}

/** @throws {AssertionError} for a refusal: where only our own code can be to blame for it. */
export function assertOk(verdict: Verdict): void {
  assert(verdict.ok, verdict.ok ? '' : describeRejection(verdict))
}

/** A value, or why there is none. */
export type Result<T> = { readonly ok: true; readonly value: T } | Rejection

/**
 * Runs a decoder on bytes from outside.
 * @param code the reject code when the decoder throws {@link DecodeError}; other errors are bugs and pass through.
 */
export function attemptDecode<T>(code: string, decode: () => T): Result<T> {
  try {
    return { ok: true, value: decode() }
  } catch (error) {
    if (error instanceof DecodeError) return invalid(code, error.message)
    throw error
  }
}
