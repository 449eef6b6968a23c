export * from './session-types.ts'
export * from './swarm-error.ts'
