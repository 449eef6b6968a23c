export * from './limits.ts'
export * from './session-types.ts'
export { type HashedContent, type HashingChoices, hashContent } from './storage/hash-content.ts'
export { SwarmError, type SwarmErrorCode } from './swarm-error.ts'
export { SwarmSession } from './swarm-session.ts'
export {
  MAX_TCP_ACCEPTS_PER_SECOND,
  MAX_TCP_GREETINGS,
  MAX_TCP_GREETINGS_PER_HOST,
  MAX_TCP_INBOUND,
  TCP_GREETING_TIMEOUT_MS,
} from './tcp/limits.ts'
export { type EncryptionPolicy, TcpTransport, type TcpTransportOptions } from './tcp/tcp-transport.ts'
export { LocalDiscovery, type LocalDiscoveryOptions } from './tracker/local-discovery.ts'
export { TrackerClient, type TrackerClientOptions } from './tracker/tracker-client.ts'
export { TrackerServer, type TrackerServerOptions } from './tracker/tracker-server.ts'
export { TrackerTransport, type TransportedAnswer } from './tracker/tracker-transport.ts'
