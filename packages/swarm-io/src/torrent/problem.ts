import type { SwarmError, SwarmErrorCode } from '../swarm-error.ts'

/** What somebody can do about an error that paused a torrent. */
const ADVICE: Readonly<Partial<Record<SwarmErrorCode, string>>> = {
  'disk-full': 'make room, then resume it',
  permission: 'allow it, then resume it',
  'not-found': 'put it back and resume it, or fetch it again',
  'file-changed': 'recheck it to see what is left',
}

/** Why a torrent is paused, and what to do, in one sentence. */
export function problemOf({ code, message }: SwarmError): string {
  const advice = ADVICE[code]
  return advice === undefined ? message : `${message.replace(/\.$/, '')}; ${advice}.`
}
