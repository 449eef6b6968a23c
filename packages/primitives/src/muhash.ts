import { assert } from './assert.ts'
import { bytesToHex, hexToBytes, reverseBytes } from './bytes.ts'
import { chacha20Keystream } from './chacha20.ts'
import { sha256 } from './hash-backend.ts'

const NUMBER_BITS = 3072n
const NUMBER_LENGTH = 384
/** 2^3072 − 1103717, the largest safe prime of 3072 bits (Bitcoin Core's `muhash.h`). */
const PRIME_OFFSET = 1_103_717n
const PRIME = (1n << NUMBER_BITS) - PRIME_OFFSET
const LOW_BITS = (1n << NUMBER_BITS) - 1n

/**
 * A hash of a set (MuHash with 3072-bit numbers, Bellare and Micciancio 1997, as in Bitcoin Core): it does not depend on
 * the order of elements, and elements can be taken out again.
 */
export class MuHash3072 {
  private numerator = 1n
  private denominator = 1n

  insert(element: Uint8Array): void {
    this.numerator = multiply(this.numerator, numberOf(element))
  }

  /** Undoes one {@link insert} of the same bytes, also one that comes later. */
  remove(element: Uint8Array): void {
    this.denominator = multiply(this.denominator, numberOf(element))
  }

  /** 32 bytes. The set stays as it is. */
  digest(): Uint8Array {
    const quotient = multiply(this.numerator, invert(this.denominator)) % PRIME
    return sha256(serializeNumber(quotient))
  }
}

function numberOf(element: Uint8Array): bigint {
  return parseNumber(chacha20Keystream(sha256(element), NUMBER_LENGTH))
}

/** A product modulo the prime, perhaps with the prime added once: below 2^3072. */
function multiply(a: bigint, b: bigint): bigint {
  let product = a * b
  // 2^3072 is congruent to the offset: what is above is folded in, cheaper than a division.
  while (product > LOW_BITS) product = (product >> NUMBER_BITS) * PRIME_OFFSET + (product & LOW_BITS)
  return product
}

/** The modular inverse, by Euclid's extended algorithm. */
function invert(value: bigint): bigint {
  let [low, high] = [value % PRIME, PRIME]
  let [lowFactor, highFactor] = [1n, 0n]
  while (low > 1n) {
    const quotient = high / low
    ;[low, high] = [high - quotient * low, low]
    ;[lowFactor, highFactor] = [highFactor - quotient * lowFactor, lowFactor]
  }
  assert(low === 1n, 'only a multiple of the prime has no inverse')
  return lowFactor < 0n ? lowFactor + PRIME : lowFactor
}

/** Little endian. */
function parseNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(reverseBytes(bytes))}`)
}

function serializeNumber(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(2 * NUMBER_LENGTH, '0')).reverse()
}
