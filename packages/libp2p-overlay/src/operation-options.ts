import type { Multiaddr } from '@multiformats/multiaddr'
import type { LookupOptions, Outcome, Pointer } from '@onehop/overlay'
import { DEFAULT_LOOKUP_DEADLINE_MS, DEFAULT_LOOKUP_LIMIT } from './limits.ts'

/** Ends an operation early: its promise rejects with the signal's reason. */
export interface OperationOptions {
  readonly signal?: AbortSignal | undefined
}

/** What a search for one peer may be given. */
export interface LocateRequest extends OperationOptions {
  /** Default `DEFAULT_LOOKUP_DEADLINE_MS`. */
  readonly deadlineMs?: number
}

/** What a lookup may be given. */
export interface LookupRequest extends LocateRequest {
  /** Stop after this many providers. Default `DEFAULT_LOOKUP_LIMIT`. */
  readonly limit?: number
  readonly onPointer?: (pointer: Pointer) => void
}

/** A peer that the overlay knows of, and where it can be dialled. */
export interface KnownPeer {
  readonly peerId: string
  readonly addresses: readonly Multiaddr[]
}

/** What a search for one peer brought. */
export interface Located {
  readonly outcome: Outcome
  /** Without the peer's id at their end. */
  readonly addresses: readonly Multiaddr[]
}

/** How a machine is told to look up, and what ends the lookup early. */
export interface GuardedLookup {
  readonly options: LookupOptions
  readonly signal: AbortSignal | undefined
}

/**
 * A lookup's options with the defaults for what was left out. What the caller's `onPointer` throws would reach the
 * machine, in the middle of a peer's message: it aborts the signal instead.
 */
export function guardedLookup({ limit, deadlineMs, onPointer, signal }: LookupRequest): GuardedLookup {
  const bounds = {
    limit: limit ?? DEFAULT_LOOKUP_LIMIT,
    deadlineMs: deadlineMs ?? DEFAULT_LOOKUP_DEADLINE_MS,
  }
  if (onPointer === undefined) return { options: bounds, signal }
  const failing = new AbortController()
  const guarded = (pointer: Pointer) => {
    try {
      onPointer(pointer)
    } catch (error) {
      failing.abort(error)
    }
  }
  return {
    options: { ...bounds, onPointer: guarded },
    signal: signal === undefined ? failing.signal : AbortSignal.any([signal, failing.signal]),
  }
}
