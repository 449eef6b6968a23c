import type { PeerId } from '@onehop/overlay'
import { AssertionError, assertDefined, bytesKey, equalBytes, sha256 } from '@onehop/primitives'
import { MAX_NODES } from './limits.ts'
import { nodeNamedBy, type VirtualIdentity } from './virtual-identity.ts'

/** No node of the simulation. */
export const NOBODY = -1

/** Numbers from here on stand for ids that somebody made up. */
const FIRST_STRANGER = MAX_NODES

const FIRST_CAPACITY = 1024

/** Who is who: numbers, ids and places of all nodes of a simulation. */
export class NodeDirectory {
  private readonly identities: VirtualIdentity[] = []
  private readonly ids: PeerId[] = []
  private hashes = new Uint32Array(FIRST_CAPACITY)
  private readonly strangers: PeerId[] = []
  private readonly strangerNumbers = new Map<string, number>()

  get size(): number {
    return this.identities.length
  }

  /** Takes in the identity of the next node. */
  add(identity: VirtualIdentity): void {
    if (this.size === this.hashes.length) {
      const larger = new Uint32Array(this.size * 2)
      larger.set(this.hashes)
      this.hashes = larger
    }
    this.hashes[this.size] = hash32Of(identity.id)
    this.ids.push(identity.id)
    this.identities.push(identity)
  }

  identityOf(node: number): VirtualIdentity {
    const identity = this.identities[node]
    if (identity === undefined) throw new AssertionError(`there is no node ${node}`)
    return identity
  }

  /** The node that has this id; {@link NOBODY} for an id that somebody made up. */
  nodeOf(id: PeerId): number {
    const node = nodeNamedBy(id)
    const known = this.ids[node]
    return known !== undefined && (known === id || equalBytes(known, id)) ? node : NOBODY
  }

  /** The node's number, or one that no node has for an id that somebody made up. */
  numberOf(id: PeerId): number {
    const node = this.nodeOf(id)
    return node === NOBODY ? this.strangerOf(id) : node
  }

  /** The id behind a number that {@link numberOf} gave. */
  idOf(number: number): PeerId {
    return (
      this.ids[number] ?? assertDefined(this.strangers[number - FIRST_STRANGER], 'nobody has this number')
    )
  }

  /** First 4 bytes, big endian, of SHA-256 of the id: computed once for each node. */
  hash32(number: number): number {
    return number < this.ids.length ? this.hashes[number]! : hash32Of(this.idOf(number))
  }

  isNode(number: number): boolean {
    return number < this.ids.length
  }

  private strangerOf(id: PeerId): number {
    const text = bytesKey(id)
    const known = this.strangerNumbers.get(text)
    if (known !== undefined) return known
    const number = FIRST_STRANGER + this.strangers.length
    this.strangers.push(id.slice())
    this.strangerNumbers.set(text, number)
    return number
  }
}

/** Where an id stands among the groups. Hashes a copy: hashing would move the id's few bytes out of V8's heap. */
export function hash32Of(id: PeerId): number {
  const hash = sha256(id.slice())
  return ((hash[0]! << 24) | (hash[1]! << 16) | (hash[2]! << 8) | hash[3]!) >>> 0
}
