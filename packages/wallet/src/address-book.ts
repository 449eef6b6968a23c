import { bytesToHex } from '@onehop/primitives'
import type { ScriptKind, WalletKey, WalletKeys } from './keys.ts'
import { GAP_LIMIT } from './limits.ts'

/** A script of ours. */
export interface OwnScript {
  readonly key: WalletKey
  readonly kind: ScriptKind
}

const KINDS: readonly ScriptKind[] = ['p2wpkh', 'p2pkh']

/** One branch's indices. */
interface Branch {
  /** First index that was neither used by a transaction nor handed out. */
  next: number
  /** Indices below this are watched. */
  watched: number
}

/** The scripts that the wallet watches, {@link GAP_LIMIT} beyond the last one in use. */
export class AddressBook {
  private readonly keys: WalletKeys
  private readonly byScript = new Map<string, OwnScript>()
  private readonly receiving: Branch = { next: 0, watched: 0 }
  private readonly changing: Branch = { next: 0, watched: 0 }

  /** @param handedOut receiving addresses handed out before, whether or not they were used. */
  constructor(keys: WalletKeys, handedOut = 0) {
    this.keys = keys
    this.advance(false, handedOut)
    this.advance(true, 0)
  }

  /** Receiving addresses in use: the next one has this index. */
  get handedOut(): number {
    return this.receiving.next
  }

  find(script: Uint8Array): OwnScript | undefined {
    return this.byScript.get(bytesToHex(script))
  }

  /** The first key that is not in use. */
  unusedKey(change: boolean): WalletKey {
    return this.keys.key(this.branch(change).next, change)
  }

  /** The first key that is not in use, in use from now on. */
  takeKey(change: boolean): WalletKey {
    const key = this.unusedKey(change)
    this.advance(change, key.path.index + 1)
    return key
  }

  /** A transaction paid to the key. */
  markUsed({ path }: WalletKey): void {
    this.advance(path.change, path.index + 1)
  }

  private branch(change: boolean): Branch {
    return change ? this.changing : this.receiving
  }

  private advance(change: boolean, next: number): void {
    const branch = this.branch(change)
    branch.next = Math.max(branch.next, next)
    while (branch.watched < branch.next + GAP_LIMIT) this.watch(this.keys.key(branch.watched++, change))
  }

  private watch(key: WalletKey): void {
    for (const kind of KINDS) this.byScript.set(bytesToHex(key.script(kind)), { key, kind })
  }
}
