import type { PeerAddress, PeerId } from './contract.ts'
import type { Key } from './keys.ts'

/** What a pointer leads from: content itself, a name, or a word. */
export type PointerKind = 'content' | 'name' | 'word'

/** "This provider has it": signed by the provider, so that nobody can forge or redirect one, only withhold it. */
export interface Pointer {
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
  /** Of two pointers of one provider under one key, the higher sequence counts. */
  readonly sequence: number
  /** Unix time in seconds. */
  readonly expiresAt: number
  /** Ed25519, 64 bytes, over the other fields under a domain tag. */
  readonly signature: Uint8Array
}
