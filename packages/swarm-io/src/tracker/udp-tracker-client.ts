import { createSocket } from 'node:dgram'
import type { RandomSource } from '@onehop/primitives'
import { type AnnounceRequest, UdpExchange, type UdpStep } from '@onehop/swarm'
import { MAX_UDP_ANSWER_BYTES } from './limits.ts'
import { type ResolvedAddress, resolveTracker } from './tracker-address.ts'

/** What a UDP tracker answered. */
export type UdpTrackerOutcome = Extract<UdpStep, { kind: 'announced' }> & {
  /** The tracker's address. */
  readonly host: string
}

/** The clock and the dice of an exchange. */
export interface UdpTrackerTools {
  nowMs(): number
  readonly random: RandomSource
}

/**
 * Asks a UDP tracker (BEP 15), at each of its addresses until one answers.
 * @throws {Error} with a sentence for people.
 */
export async function askUdpTracker(
  url: string,
  request: AnnounceRequest,
  tools: UdpTrackerTools,
  signal: AbortSignal,
): Promise<UdpTrackerOutcome> {
  const target = new URL(url)
  const port = Number(target.port)
  if (port === 0) throw new Error('its URL has no port')
  let failure = new Error('it has no address')
  for (const address of await resolveTracker(target)) {
    try {
      return await exchange(
        address,
        port,
        new UdpExchange(request, address.family, tools.random),
        tools,
        signal,
      )
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
      if (signal.aborted) break
    }
  }
  throw failure
}

function exchange(
  { address, family }: ResolvedAddress,
  port: number,
  machine: UdpExchange,
  tools: UdpTrackerTools,
  signal: AbortSignal,
): Promise<UdpTrackerOutcome> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
  let timer: NodeJS.Timeout | undefined
  let onAbort = () => {}
  const outcome = new Promise<UdpTrackerOutcome>((resolve, reject) => {
    const send = (packet: Uint8Array) => {
      socket.send(packet)
      clearTimeout(timer)
      timer = setTimeout(() => perform(machine.onTimeout(tools.nowMs())), machine.deadlineMs - tools.nowMs())
    }
    const perform = (step: UdpStep) => {
      if (step.kind === 'send') send(step.packet)
      else if (step.kind === 'failed') reject(new Error(step.reason))
      else if (step.kind !== 'wait') resolve({ ...step, host: address })
    }
    onAbort = () => reject(new Error('it was not waited for'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    // A connected socket takes packets from the tracker only, and hears at once when nobody listens there.
    socket.on('error', reject)
    socket.on('message', packet => {
      if (packet.length <= MAX_UDP_ANSWER_BYTES) perform(machine.onPacket(packet, tools.nowMs()))
    })
    socket.connect(port, address, () => {
      if (!signal.aborted) send(machine.start(tools.nowMs()))
    })
  })
  return outcome.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    socket.close()
  })
}
