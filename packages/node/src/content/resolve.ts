import { describeProvider, type ProviderDescription } from '@onehop/libp2p-overlay'
import {
  type ContentReference,
  type Outcome,
  type Pointer,
  parseContentReference,
  referenceOfMultihash,
} from '@onehop/overlay'
import { bytesToHex } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import { CONTENT_LOOKUP_DEADLINE_MS, ISOLATED_WAIT_MS, JOIN_WAIT_MS, MAX_PROVIDERS } from '../limits.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { hasJoined } from './readiness.ts'

/** What finding content by one key needs of the overlay. */
export type LookupOverlay = AnsweringOverlay & Pick<ContentOverlay, 'lookup'>

/** What waiting for an answer needs of it. */
type AnsweringOverlay = Pick<ContentOverlay, 'isReady' | 'ready' | 'isolation'>

/** Content by its id, known from what the user gave or from a name. */
export type ContentId = Extract<ContentReference, { kind: 'content' }>

/** What a lookup found, and what it cost in all its steps. */
export interface Resolution {
  readonly content: ContentId
  readonly name: string | undefined
  readonly pointers: readonly Pointer[]
  readonly providers: readonly ProviderDescription[]
  /** The longest way of an answer. */
  readonly hops: number
  readonly messages: number
  readonly attempts: number
  readonly elapsedMs: number
}

/** @throws {RpcError} -8 for a text that can be no reference. */
export function parseReference(text: string): ContentReference {
  const reference = parseContentReference(text)
  if (reference.ok) return reference.value
  const { detail, code } = reference
  throw new RpcError(RPC_CODE.invalidParameter, `"${text}" tells no content: ${detail ?? code}.`)
}

/**
 * Finds who has the content that a CID, an infohash, a magnet link or a name means. A name costs a lookup of its own; of
 * several contents under one name the one that most providers vouch for counts.
 * @throws {RpcError} -40 when nobody has it, -41 when nobody answered in time.
 */
export async function resolveContent(
  overlay: LookupOverlay,
  reference: ContentReference,
  signal: AbortSignal,
): Promise<Resolution> {
  const named =
    reference.kind === 'name' ? await lookUp(overlay, reference.name, reference.key, signal) : undefined
  const content =
    reference.kind === 'name' ? mostVouchedFor(reference.name, named?.pointers ?? []) : reference
  const found = await lookUp(
    overlay,
    named === undefined ? content.cid : shownName(reference),
    content.key,
    signal,
  )
  return {
    content,
    name: nameOf(reference, found.pointers),
    pointers: found.pointers,
    providers: found.pointers.map(describeProvider),
    hops: Math.max(found.hops, named?.hops ?? 0),
    messages: found.messages + (named?.messages ?? 0),
    attempts: found.attempts + (named?.attempts ?? 0),
    elapsedMs: found.elapsedMs + (named?.elapsedMs ?? 0),
  }
}

function lookUp(
  overlay: LookupOverlay,
  shown: string,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<Outcome> {
  const request = { limit: MAX_PROVIDERS, deadlineMs: CONTENT_LOOKUP_DEADLINE_MS, signal }
  return answered(overlay, shown, signal, () => overlay.lookup(key, request))
}

/**
 * Asks the overlay, once the node has entered it.
 * @param shown what is asked for, as errors name it.
 * @throws {RpcError} -40 when nobody has it, -41 when nobody answered in time, -9 without any other node.
 */
export async function answered(
  overlay: AnsweringOverlay,
  shown: string,
  signal: AbortSignal,
  ask: () => Promise<Outcome>,
): Promise<Outcome> {
  const waitMs = overlay.isolation === undefined ? JOIN_WAIT_MS : ISOLATED_WAIT_MS
  if (!(await hasJoined(overlay, signal, waitMs))) {
    throw new RpcError(
      RPC_CODE.clientNotConnected,
      overlay.isolation ?? 'This node has reached no other one yet; see "onehop peers".',
    )
  }
  const outcome = await ask()
  if (outcome.pointers.length > 0) return outcome
  if (outcome.failure === 'unreachable') {
    throw new RpcError(RPC_CODE.timedOut, `Nobody could be reached who may know of ${shown}.`)
  }
  if (outcome.failure === 'timed out') {
    throw new RpcError(
      RPC_CODE.timedOut,
      `Nobody answered for ${shown} within ${CONTENT_LOOKUP_DEADLINE_MS / 1000} s.`,
    )
  }
  const why = overlay.isolation === undefined ? '' : ` ${overlay.isolation}`
  throw new RpcError(RPC_CODE.contentNotFound, `Nobody provides ${shown}.${why}`)
}

function shownName(reference: ContentReference): string {
  return reference.kind === 'name' ? `"${reference.name}"` : reference.cid
}

function nameOf(reference: ContentReference, pointers: readonly Pointer[]): string | undefined {
  if (reference.kind === 'name') return reference.name
  return pointers.find(pointer => pointer.displayName !== undefined)?.displayName ?? reference.displayName
}

/** The target of most pointers; of equally many the first in byte order, so that every node chooses the same. */
function mostVouchedFor(name: string, pointers: readonly Pointer[]): ContentId {
  const votes = new Map<string, { readonly target: Uint8Array; count: number }>()
  for (const { target } of pointers) {
    if (target === undefined) continue
    const hex = bytesToHex(target)
    const entry = votes.get(hex)
    if (entry) entry.count++
    else votes.set(hex, { target, count: 1 })
  }
  const [best] = [...votes].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
  if (best === undefined) throw new RpcError(RPC_CODE.contentNotFound, `Nobody provides "${name}".`)
  return referenceOfMultihash(best[1].target)
}
