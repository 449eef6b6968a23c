import { MAX_EXTENSION_DICTIONARY_BYTES } from '../limits.ts'
import { type BencodedDictionary, decodeBencodePrefix, expectDictionary } from '../metainfo/bencode.ts'

/**
 * The dictionary with which the payload of an extension message begins (BEP 10).
 * @throws {DecodeError} when there is none.
 */
export function readExtensionDictionary(payload: Uint8Array): {
  dictionary: BencodedDictionary
  consumed: number
} {
  const bounded = payload.subarray(0, MAX_EXTENSION_DICTIONARY_BYTES)
  const { value, consumed } = decodeBencodePrefix(bounded)
  return { dictionary: expectDictionary(value, 'the extension message'), consumed }
}
