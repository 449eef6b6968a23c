import { createServer } from 'node:net'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { PORTS_TRIED } from './limits.ts'

const MAX_PORT = 65_535

/**
 * The first free ports of 127.0.0.1 from `first` upwards.
 * @param taken are about to be used by others.
 * @throws {CommandFailure} when there are too few.
 */
export async function findFreePorts(
  amount: number,
  first: number,
  taken: readonly number[] = [],
): Promise<number[]> {
  const last = Math.min(MAX_PORT, first + PORTS_TRIED)
  const free: number[] = []
  for (let port = first; port <= last && free.length < amount; port++) {
    if (!taken.includes(port) && (await isFree(port))) free.push(port)
  }
  if (free.length === amount) return free
  throw new CommandFailure(EXIT.failed, `Fewer than ${amount} ports are free between ${first} and ${last}.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
