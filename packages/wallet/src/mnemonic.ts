import { assert, DecodeError } from '@onehop/primitives'
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

const ENTROPY_LENGTHS = [16, 20, 24, 28, 32]

/**
 * The English words of the entropy (BIP 39).
 * @param entropy 16 bytes (12 words) to 32 bytes (24 words), in steps of 4, from a secure source.
 */
export function createMnemonic(entropy: Uint8Array): string {
  assert(ENTROPY_LENGTHS.includes(entropy.length), 'a mnemonic takes 16, 20, 24, 28 or 32 bytes of entropy')
  return entropyToMnemonic(entropy, wordlist)
}

/** Whether all words are in the English list and the checksum holds (BIP 39). */
export function isMnemonic(text: string): boolean {
  return validateMnemonic(text, wordlist)
}

/**
 * The seed, 64 bytes, of a mnemonic (BIP 39). Takes some 50 ms on purpose.
 * @throws {DecodeError} when a word is unknown or the checksum does not hold.
 */
export function seedOfMnemonic(mnemonic: string, passphrase = ''): Uint8Array {
  if (!isMnemonic(mnemonic)) throw new DecodeError('the words are not a valid BIP 39 mnemonic')
  return mnemonicToSeedSync(mnemonic, passphrase)
}
