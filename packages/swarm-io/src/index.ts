export * from './limits.ts'
export * from './session-types.ts'
export * from './swarm-error.ts'
export { SwarmSession } from './swarm-session.ts'
