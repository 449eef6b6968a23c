import { type AddressScope, addressScope } from '../address-scope.ts'

/** From how far away an address can be reached: the more, the nearer one must be. */
const NEARNESS: Readonly<Record<Exclude<AddressScope, 'unusable'>, number>> = {
  public: 1,
  private: 2,
  loopback: 3,
}

/**
 * Whether someone at `source` may tell of `host`: nobody may send us into a network that he is not in himself.
 * @param source undefined where he has no IP address: then public addresses only.
 */
export function isPlausibleFrom(host: string, source: string | undefined): boolean {
  const scope = addressScope(host)
  if (scope === 'unusable') return false
  const sourceScope = source === undefined ? 'public' : addressScope(source)
  return NEARNESS[scope] <= NEARNESS[sourceScope === 'unusable' ? 'public' : sourceScope]
}
