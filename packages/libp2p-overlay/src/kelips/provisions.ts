import { bytesToHex } from '@onehop/primitives'
import { type Datastore, Key } from 'interface-datastore'
import { CID } from 'multiformats/cid'

/** What this node provides, by multihash: kept in the datastore, so that it is provided again after a restart. */
export class Provisions {
  private readonly datastore: Datastore | undefined
  private readonly prefix: string
  private readonly cids = new Map<string, CID>()

  /** @param namespace where in the datastore, e.g. `/onehop/kelips/1/provided`. */
  constructor(datastore: Datastore | undefined, namespace: string) {
    this.datastore = datastore
    this.prefix = namespace
  }

  get size(): number {
    return this.cids.size
  }

  /** What an earlier run has left. What is no CID, or beyond the limit, is passed over. */
  async load(limit: number): Promise<void> {
    if (this.datastore === undefined) return
    for await (const { value } of this.datastore.query({ prefix: this.prefix })) {
      if (this.cids.size >= limit) return
      const cid = decodeCid(value)
      if (cid !== undefined) this.cids.set(hashOf(cid), cid)
    }
  }

  has(cid: CID): boolean {
    return this.cids.has(hashOf(cid))
  }

  /** @throws what the datastore throws; then it is as if it had not been added. */
  async add(cid: CID): Promise<void> {
    if (this.has(cid)) return
    this.cids.set(hashOf(cid), cid)
    try {
      await this.datastore?.put(this.keyOf(cid), cid.bytes)
    } catch (error) {
      this.cids.delete(hashOf(cid))
      throw error
    }
  }

  async delete(cid: CID): Promise<void> {
    this.cids.delete(hashOf(cid))
    await this.datastore?.delete(this.keyOf(cid))
  }

  all(): CID[] {
    return [...this.cids.values()]
  }

  private keyOf(cid: CID): Key {
    return new Key(`${this.prefix}/${hashOf(cid)}`)
  }
}

/** Codec and version of a CID do not matter for where its content is. */
export function hashOf(cid: CID): string {
  return bytesToHex(cid.multihash.bytes)
}

function decodeCid(bytes: Uint8Array): CID | undefined {
  try {
    return CID.decode(bytes)
  } catch {
    return undefined
  }
}
