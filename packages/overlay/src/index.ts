export * from './contract.ts'
export * from './keys.ts'
export * from './pointer.ts'
