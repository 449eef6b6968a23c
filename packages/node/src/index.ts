export { Datadir, type RpcFile } from './datadir.ts'
export * from './errors.ts'
export {
  type LightPayment,
  type LightVerification,
  payeeAddress,
  verifyPaymentByHeaders,
} from './light-payment.ts'
export { type OnehopNode, startNode } from './node.ts'
export { defaultDatadir, LOG_LEVELS, type LogLevel, type NodeOptions, onehopHome } from './options.ts'
export type { SwarmOptions } from './swarm-options.ts'
export { USER_AGENT, VERSION } from './version.ts'
