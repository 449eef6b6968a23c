/** Unix time in whole seconds, as the ledger counts it. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
