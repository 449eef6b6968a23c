import { type ChainParameters, p2pkhScript, p2wpkhScript, scriptToAddress } from '@onehop/ledger'
import { assertDefined, hash160 } from '@onehop/primitives'
import { HARDENED_OFFSET, HDKey } from '@scure/bip32'
import { seedOfMnemonic } from './mnemonic.ts'

/** BIP 84: accounts of P2WPKH addresses. */
const PURPOSE = 84

/** A key of the account: m/84'/coin'/0'/change/index. */
export interface KeyPath {
  readonly index: number
  /** On the branch for change rather than for receiving. */
  readonly change: boolean
}

/** Scripts that pay one key. */
export type ScriptKind = 'p2wpkh' | 'p2pkh'

/** One key of the account with its scripts. */
export class WalletKey {
  readonly path: KeyPath
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
  /** 20 bytes: HASH160 of the public key. */
  readonly hash: Uint8Array
  private readonly node: HDKey

  constructor(path: KeyPath, node: HDKey) {
    this.path = path
    this.node = node
    this.publicKey = assertDefined(node.publicKey, 'every node has a public key')
    this.hash = hash160(this.publicKey)
  }

  /** 32 bytes. Secret. */
  get privateKey(): Uint8Array {
    return assertDefined(this.node.privateKey, 'the account is a private one')
  }

  script(kind: ScriptKind = 'p2wpkh'): Uint8Array {
    return kind === 'p2wpkh' ? p2wpkhScript(this.hash) : p2pkhScript(this.hash)
  }
}

/** The keys of one account (BIP 32, BIP 84), derived when they are asked for. */
export class WalletKeys {
  readonly parameters: ChainParameters
  private readonly branches: readonly [HDKey, HDKey]
  private readonly derived = [new Map<number, WalletKey>(), new Map<number, WalletKey>()] as const

  private constructor(parameters: ChainParameters, branches: readonly [HDKey, HDKey]) {
    this.parameters = parameters
    this.branches = branches
  }

  /**
   * @param passphrase BIP 39's optional one.
   * @throws {DecodeError} when the mnemonic is not a valid one.
   */
  static fromMnemonic(mnemonic: string, parameters: ChainParameters, passphrase = ''): WalletKeys {
    return WalletKeys.fromSeed(seedOfMnemonic(mnemonic, passphrase), parameters)
  }

  /** @param seed 16 to 64 bytes (BIP 32). */
  static fromSeed(seed: Uint8Array, parameters: ChainParameters): WalletKeys {
    const account = [PURPOSE, parameters.coinType, 0].reduce(
      (node, level) => node.deriveChild(HARDENED_OFFSET + level),
      HDKey.fromMasterSeed(seed),
    )
    return new WalletKeys(parameters, [account.deriveChild(0), account.deriveChild(1)])
  }

  /** The key at m/84'/coin'/0'/change/index. */
  key(index: number, change = false): WalletKey {
    const branch = change ? 1 : 0
    const known = this.derived[branch].get(index)
    if (known !== undefined) return known
    const key = new WalletKey({ index, change }, this.branches[branch].deriveChild(index))
    this.derived[branch].set(index, key)
    return key
  }

  /** The key's P2WPKH address. */
  address(index: number, change = false): string {
    const address = scriptToAddress(this.key(index, change).script(), this.parameters)
    return assertDefined(address, 'a P2WPKH script has an address')
  }
}
