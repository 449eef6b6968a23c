export * from './limits.ts'
export * from './session-types.ts'
export { SwarmError, type SwarmErrorCode } from './swarm-error.ts'
export { SwarmSession } from './swarm-session.ts'
