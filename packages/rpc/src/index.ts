export {
  BitcoinAmount,
  decimalText,
  parseAmount,
} from './bitcoin-amount.ts'
export { type CallOptions, RpcClient, type RpcClientOptions } from './client.ts'
export type { ByteRange } from './content/byte-range.ts'
export type { ContentFinder, ListedFile, ServedContent, ServedFile } from './content/content-endpoint.ts'
export type * from './content-results.ts'
export { type Credentials, parseCredentials, readCookie } from './cookie.ts'
export { type DispatcherOptions, RpcDispatcher } from './dispatcher.ts'
export * from './errors.ts'
export { formatJson, parseJsonExactly, serializeJson } from './json.ts'
export * from './limits.ts'
export { defineMethod, type MethodDefinition, type RpcContext, type RpcMethod } from './method.ts'
export { isOverlayName, OVERLAYS, type OverlayName } from './overlay-names.ts'
export {
  type ParamSpec,
  type ParamSpecs,
  type ParamType,
  type ParamValues,
  parseAmountParam,
  parseHexParam,
  type RawParams,
} from './params.ts'
export type * from './results.ts'
export { createRpcServer, type RpcServer, type RpcServerOptions } from './server.ts'
