export * from './describe-overlay-contract.ts'
export * from './harness.ts'
