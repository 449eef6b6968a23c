import { invalid, OK, refused, utf8Encode, type Verdict } from '@onehop/primitives'
import {
  KEY_BYTES,
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_DISPLAY_NAME_BYTES,
  MAX_MULTIHASH_BYTES,
  MAX_PEER_ID_BYTES,
  MAX_POINTER_LIFETIME_S,
  MIN_PEER_ID_BYTES,
  SIGNATURE_BYTES,
} from './limits.ts'
import { POINTER_VERSION, type Pointer } from './pointer.ts'

/**
 * Everything about a pointer but its signature. What depends on clocks or on a later version is nobody's fault: an
 * honest relay may pass it on.
 * @param nowS Unix time in seconds.
 */
export function checkPointer(pointer: Pointer, nowS: number): Verdict {
  if (pointer.version === 0) return invalid('pointer-version')
  if (pointer.version !== POINTER_VERSION) return refused('pointer-version', `version ${pointer.version}`)
  const form = checkForm(pointer)
  return form.ok ? checkTime(pointer, nowS) : form
}

function checkForm(pointer: Pointer): Verdict {
  if (pointer.key.length !== KEY_BYTES) return invalid('pointer-key')
  if (pointer.signature.length !== SIGNATURE_BYTES) return invalid('pointer-signature-length')
  if (pointer.provider.length < MIN_PEER_ID_BYTES || pointer.provider.length > MAX_PEER_ID_BYTES)
    return invalid('pointer-provider')
  if (pointer.displayName !== undefined && utf8Encode(pointer.displayName).length > MAX_DISPLAY_NAME_BYTES)
    return invalid('pointer-display-name')
  return checkAddresses(pointer).ok ? checkTarget(pointer) : checkAddresses(pointer)
}

function checkAddresses({ addresses }: Pointer): Verdict {
  if (addresses.length > MAX_ADDRESSES) return invalid('pointer-addresses')
  const fits = addresses.every(address => address.length > 0 && address.length <= MAX_ADDRESS_BYTES)
  return fits ? OK : invalid('pointer-addresses')
}

/** Content is what its key says and leads nowhere else; a name or a word must lead somewhere. */
function checkTarget({ kind, target }: Pointer): Verdict {
  if (kind === 'content') return target === undefined ? OK : invalid('pointer-target')
  if (target === undefined || target.length < 2 || target.length > MAX_MULTIHASH_BYTES)
    return invalid('pointer-target')
  return OK
}

function checkTime({ expiresAt }: Pointer, nowS: number): Verdict {
  if (expiresAt <= nowS) return refused('pointer-expired')
  if (expiresAt > nowS + MAX_POINTER_LIFETIME_S) return refused('pointer-lifetime')
  return OK
}
