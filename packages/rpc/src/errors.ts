/** Codes of JSON-RPC errors: bitcoind's (`rpc/protocol.h`), then JSON-RPC 2.0's, then ours from -40 down. */
export const RPC_CODE = {
  miscError: -1,
  typeError: -3,
  walletError: -4,
  invalidAddressOrKey: -5,
  insufficientFunds: -6,
  invalidParameter: -8,
  clientNotConnected: -9,
  walletNotFound: -18,
  databaseError: -20,
  deserializationError: -22,
  nodeAlreadyAdded: -23,
  nodeNotAdded: -24,
  verifyError: -25,
  verifyRejected: -26,
  verifyAlreadyInUtxoSet: -27,
  inWarmUp: -28,
  nodeNotConnected: -29,
  invalidIpOrSubnet: -30,
  contentNotFound: -40,
  timedOut: -41,
  verificationFailed: -42,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  parseError: -32700,
} as const

/** An error that a method answers with. `message` is one sentence, or Bitcoin Core's reject string. */
export class RpcError extends Error {
  override name = 'RpcError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Nobody answered, or not a node, at the client's address. */
export class NodeUnreachableError extends Error {
  override name = 'NodeUnreachableError'
}

/** The node answers, but not to these credentials. */
export class AuthenticationError extends Error {
  override name = 'AuthenticationError'
}

/** The node took longer than the caller wanted to wait. */
export class CallTimeoutError extends Error {
  override name = 'CallTimeoutError'
}

/** Another process listens on the port. */
export class PortInUseError extends Error {
  override name = 'PortInUseError'
}
