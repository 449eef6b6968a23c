import {
  bytesFieldLength,
  concatBytes,
  DecodeError,
  ProtobufReader,
  ProtobufWriter,
  utf8Encode,
  varintFieldLength,
} from '@onehop/primitives'
import type { PeerAddress, PeerId, Signed } from './contract.ts'
import type { Key } from './keys.ts'
import {
  KEY_BYTES,
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_DISPLAY_NAME_BYTES,
  MAX_MULTIHASH_BYTES,
  MAX_PEER_ID_BYTES,
  MAX_POINTER_BYTES,
  SIGNATURE_BYTES,
} from './limits.ts'

/** What a pointer leads from: content itself, a name, or a word. */
export type PointerKind = 'content' | 'name' | 'word'

/** The version of pointers that this package writes and understands. */
export const POINTER_VERSION = 1

/** "This provider has it": signed by the provider, so that nobody can forge or redirect one, only withhold it. */
export interface Pointer extends Signed {
  readonly version: number
  readonly kind: PointerKind
  readonly key: Key
  /** Multihash of the content that a name or a word leads to. */
  readonly target?: Uint8Array
  /** At most 255 bytes of UTF-8. */
  readonly displayName?: string
  /** Size of the content in bytes, where it is known. */
  readonly bytes?: number
  readonly provider: PeerId
  readonly addresses: readonly PeerAddress[]
  /** Of two pointers of one provider under one key with one target, the higher sequence counts. */
  readonly sequence: number
  /** Unix time in seconds. */
  readonly expiresAt: number
  /** The provider takes it back: kept until `expiresAt` in place of what it replaces, never answered. */
  readonly withdrawn?: true
  /** Ed25519, 64 bytes, over the other fields under a domain tag. */
  readonly signature: Uint8Array
}

/** A pointer before it is signed. */
export type UnsignedPointer = Omit<Pointer, 'signature' | 'genuine'>

/** What is signed begins with this, so that no other signature of the provider can be taken for a pointer's. */
const DOMAIN_TAG = utf8Encode('onehop/pointer/1\0')

const KINDS: readonly PointerKind[] = ['content', 'name', 'word']

const FIELD = {
  version: 1,
  kind: 2,
  key: 3,
  target: 4,
  displayName: 5,
  bytes: 6,
  provider: 7,
  address: 8,
  sequence: 9,
  expiresAt: 10,
  withdrawn: 11,
  signature: 12,
} as const

function writeFields(writer: ProtobufWriter, pointer: UnsignedPointer): void {
  writer.varint(FIELD.version, pointer.version)
  writer.varint(FIELD.kind, KINDS.indexOf(pointer.kind) + 1)
  writer.bytes(FIELD.key, pointer.key)
  if (pointer.target !== undefined) writer.bytes(FIELD.target, pointer.target)
  if (pointer.displayName !== undefined) writer.string(FIELD.displayName, pointer.displayName)
  writer.varint(FIELD.bytes, pointer.bytes ?? 0)
  writer.bytes(FIELD.provider, pointer.provider)
  for (const address of pointer.addresses) writer.bytes(FIELD.address, address)
  writer.varint(FIELD.sequence, pointer.sequence)
  writer.varint(FIELD.expiresAt, pointer.expiresAt)
  writer.varint(FIELD.withdrawn, pointer.withdrawn ? 1 : 0)
}

/** What the provider signs: the domain tag and all fields but the signature. */
export function pointerPayload(pointer: UnsignedPointer): Uint8Array {
  const writer = new ProtobufWriter()
  writeFields(writer, pointer)
  return concatBytes(DOMAIN_TAG, writer.toBytes())
}

/** Signs with the provider's key; `sign` gives 64 bytes. */
export function signPointer(pointer: UnsignedPointer, sign: (payload: Uint8Array) => Uint8Array): Pointer {
  return { ...pointer, signature: sign(pointerPayload(pointer)) }
}

/** The driver's check of a signature; see `Environment.verify`. */
export type VerifySignature = (
  signer: PeerId,
  signed: Signed,
  payload: () => Uint8Array,
  done: (valid: boolean) => void,
) => void

/** Whether the provider signed it. Says nothing of lengths and expiry: {@link checkPointer} does. */
export function verifyPointer(
  pointer: Pointer,
  verify: VerifySignature,
  done: (valid: boolean) => void,
): void {
  verify(pointer.provider, pointer, () => pointerPayload(pointer), done)
}

/** Protobuf, fields in ascending order. About 220 bytes with one address and a short name. */
export function encodePointer(pointer: Pointer): Uint8Array {
  const writer = new ProtobufWriter()
  writeFields(writer, pointer)
  return writer.bytes(FIELD.signature, pointer.signature).toBytes()
}

/** A pointer whose length has been noted on it; spreading it into another does not take the note along. */
type Measured = Pointer & { readonly measuredBytes?: number }

/** Length of {@link encodePointer}'s result, without encoding. Measured once for each pointer. */
export function encodedPointerLength(pointer: Measured): number {
  if (pointer.measuredBytes !== undefined) return pointer.measuredBytes
  const length = measuredLength(pointer)
  Object.defineProperty(pointer, 'measuredBytes', { value: length })
  return length
}

function measuredLength(pointer: Pointer): number {
  let length =
    varintFieldLength(FIELD.version, pointer.version) +
    varintFieldLength(FIELD.kind, 1) +
    bytesFieldLength(FIELD.key, pointer.key.length) +
    varintFieldLength(FIELD.bytes, pointer.bytes ?? 0) +
    bytesFieldLength(FIELD.provider, pointer.provider.length) +
    varintFieldLength(FIELD.sequence, pointer.sequence) +
    varintFieldLength(FIELD.expiresAt, pointer.expiresAt) +
    varintFieldLength(FIELD.withdrawn, pointer.withdrawn ? 1 : 0) +
    bytesFieldLength(FIELD.signature, pointer.signature.length)
  for (const address of pointer.addresses) length += bytesFieldLength(FIELD.address, address.length)
  if (pointer.target !== undefined) length += bytesFieldLength(FIELD.target, pointer.target.length)
  if (pointer.displayName !== undefined)
    length += bytesFieldLength(FIELD.displayName, utf8Encode(pointer.displayName).length)
  return length
}

type Draft = { -readonly [Field in keyof Pointer]?: Pointer[Field] } & { addresses: PeerAddress[] }

function kindOf(number: number): PointerKind {
  const kind = KINDS[number - 1]
  if (kind === undefined) throw new DecodeError(`pointer: kind ${number}`)
  return kind
}

function readField(reader: ProtobufReader, draft: Draft): void {
  switch (reader.field) {
    case FIELD.version:
      draft.version = reader.varint()
      break
    case FIELD.kind:
      draft.kind = kindOf(reader.varint())
      break
    case FIELD.key:
      draft.key = reader.fixedBytes(KEY_BYTES)
      break
    case FIELD.target:
      draft.target = reader.bytes(MAX_MULTIHASH_BYTES)
      break
    case FIELD.displayName:
      draft.displayName = reader.string(MAX_DISPLAY_NAME_BYTES)
      break
    case FIELD.bytes:
      draft.bytes = reader.varint()
      break
    case FIELD.provider:
      draft.provider = reader.bytes(MAX_PEER_ID_BYTES)
      break
    case FIELD.address:
      if (draft.addresses.length === MAX_ADDRESSES) throw new DecodeError('pointer: too many addresses')
      draft.addresses.push(reader.bytes(MAX_ADDRESS_BYTES))
      break
    case FIELD.sequence:
      draft.sequence = reader.varint()
      break
    case FIELD.expiresAt:
      draft.expiresAt = reader.varint()
      break
    case FIELD.withdrawn:
      if (reader.varint() === 1) draft.withdrawn = true
      break
    case FIELD.signature:
      draft.signature = reader.fixedBytes(SIGNATURE_BYTES)
      break
    default:
      reader.skip()
  }
}

/**
 * The pointer that the bytes encode. The result shares memory with `bytes`.
 * @throws {DecodeError} when a field is missing, malformed or too long.
 */
export function decodePointer(bytes: Uint8Array): Pointer {
  if (bytes.length > MAX_POINTER_BYTES) throw new DecodeError(`pointer: exceeds ${MAX_POINTER_BYTES} bytes`)
  const reader = new ProtobufReader(bytes)
  const draft: Draft = { addresses: [] }
  while (reader.next()) readField(reader, draft)
  const { kind, key, provider, signature } = draft
  if (kind === undefined || key === undefined || provider === undefined || signature === undefined)
    throw new DecodeError('pointer: a field is missing')
  return {
    ...draft,
    kind,
    key,
    provider,
    signature,
    version: draft.version ?? 0,
    sequence: draft.sequence ?? 0,
    expiresAt: draft.expiresAt ?? 0,
  }
}
