import { RPC_CODE, RpcError } from '@onehop/rpc'
import { SwarmError, type SwarmErrorCode } from '@onehop/swarm-io'

const CODE_OF: Readonly<Partial<Record<SwarmErrorCode, number>>> = {
  'no-providers': RPC_CODE.contentNotFound,
  'timed-out': RPC_CODE.timedOut,
  'verification-failed': RPC_CODE.verificationFailed,
  'not-found': RPC_CODE.invalidParameter,
  'not-a-file': RPC_CODE.invalidParameter,
  'bad-name': RPC_CODE.invalidParameter,
  'output-exists': RPC_CODE.invalidParameter,
}

/** The swarm's errors as answers to a call. */
export async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof SwarmError)) throw error
    throw new RpcError(CODE_OF[error.code] ?? RPC_CODE.miscError, error.message)
  }
}
