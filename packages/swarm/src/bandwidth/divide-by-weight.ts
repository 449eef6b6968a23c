/** Who gets a part, and how much of it at most. */
export interface WeightedClaim {
  readonly weight: number
  readonly most: number
}

/**
 * Divides an amount in proportion to the weights, to nobody more than it wants.
 * @param spill how much of what somebody leaves goes to the others, 0 to 1.
 */
export function divideByWeight(amount: number, claims: readonly WeightedClaim[], spill = 1): number[] {
  const full = divideFully(amount, claims)
  const weights = claims.reduce((sum, { weight }) => sum + weight, 0)
  if (spill === 1 || weights === 0) return full
  return claims.map(({ weight, most }, i) => {
    const own = Math.min(most, (amount * weight) / weights)
    return own + spill * (full[i]! - own)
  })
}

/** What is more than somebody wants goes to the others, in proportion again, while anybody wants more. */
function divideFully(amount: number, claims: readonly WeightedClaim[]): number[] {
  const parts = claims.map(() => 0)
  let open = claims.map((_, i) => i).filter(i => claims[i]!.weight > 0 && claims[i]!.most > 0)
  let left = amount
  while (open.length > 0 && left > 0) {
    const weights = open.reduce((sum, i) => sum + claims[i]!.weight, 0)
    const perWeight = left / weights
    const filled = open.filter(i => claims[i]!.most - parts[i]! <= perWeight * claims[i]!.weight)
    if (filled.length === 0) {
      for (const i of open) parts[i]! += perWeight * claims[i]!.weight
      break
    }
    for (const i of filled) {
      left -= claims[i]!.most - parts[i]!
      parts[i] = claims[i]!.most
    }
    open = open.filter(i => !filled.includes(i))
  }
  return parts
}
