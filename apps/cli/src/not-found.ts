import { RpcError } from '@onehop/rpc'
import { EXIT } from './exit-codes.ts'
import { CommandFailure } from './failure.ts'

/** Passes the result on; an error of one of these codes means here that there is no such thing. */
export async function notFoundFor<T>(
  codes: readonly number[],
  message: string,
  call: Promise<T>,
): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (error instanceof RpcError && codes.includes(error.code)) {
      throw new CommandFailure(EXIT.notFound, message)
    }
    throw error
  }
}
