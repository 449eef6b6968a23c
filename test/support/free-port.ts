import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Ports that nobody is given who does not ask for one: below those that the system gives to connections and to port 0
 * (from 32768 on), and below those of a testnet (from 18443 on). A port from there would be free only until somebody dials.
 */
const FIRST_PORT = 10_000
const PORTS = 8_000

/** Somewhere else in each process, so that two at the same time do not take the same ones. */
let next = randomInt(PORTS)

/** A port of 127.0.0.1 that is free for TCP and UDP, another one each time. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PORTS; tried++) {
    const port = FIRST_PORT + next
    next = (next + 1) % PORTS
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port
  }
  throw new Error('no port is free')
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  const isFree = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (isFree) await new Promise(resolve => server.close(resolve))
  return isFree
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true })
  const isFree = await once(socket, 'listening').then(
    () => true,
    () => false,
  )
  socket.close()
  return isFree
}
