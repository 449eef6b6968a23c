export * from './chain-port.ts'
export * from './network-types.ts'
export * from './wire-connection.ts'
