import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createMnemonic, isMnemonic } from '@onehop/wallet'
import { readOrCreate, replaceFile } from './datadir.ts'
import { ConfigurationError } from './errors.ts'

/** Bits of entropy over eight: 12 words. */
const ENTROPY_BYTES = 16

/** What a wallet cannot find out again from the chain. */
export interface WalletSecrets {
  /** BIP 39 words. */
  readonly mnemonic: string
  /** Receiving addresses handed out: those below are watched though nobody has paid them yet. */
  readonly handedOutAddresses: number
}

/** Where a wallet's secrets are kept. */
export interface WalletFile {
  read(): WalletSecrets
  write(secrets: WalletSecrets): void
}

function newSecrets(): WalletSecrets {
  return { mnemonic: createMnemonic(randomBytes(ENTROPY_BYTES)), handedOutAddresses: 0 }
}

function encode(secrets: WalletSecrets): Uint8Array {
  return Buffer.from(`${JSON.stringify(secrets, null, 2)}\n`)
}

/** Secrets that end with the process. */
export function inMemoryWalletFile(): WalletFile {
  let secrets = newSecrets()
  return {
    read: () => secrets,
    write: changed => {
      secrets = changed
    },
  }
}

/** The file of the path, readable by its owner only, made with new words at the first start. */
export function walletFileAt(path: string): WalletFile {
  return {
    read: () => {
      readOrCreate(path, () => encode(newSecrets()))
      return parse(path)
    },
    write: secrets => replaceFile(path, encode(secrets)),
  }
}

function parse(path: string): WalletSecrets {
  const damaged = new ConfigurationError(
    `The wallet file ${path} is damaged; restore it, or move it away for a new one.`,
  )
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw damaged
  }
  const { mnemonic, handedOutAddresses = 0 } = (value ?? {}) as Partial<WalletSecrets>
  if (typeof mnemonic !== 'string' || !isMnemonic(mnemonic) || !isCount(handedOutAddresses)) throw damaged
  return { mnemonic, handedOutAddresses }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
