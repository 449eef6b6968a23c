import { readFileSync } from 'node:fs'

/** Clock ticks of a second in /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU seconds that a process has used, with all its threads and the kernel's work for it. Linux only. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])]
  return (userTicks + systemTicks) / TICKS_PER_SECOND
}

/** The most memory that a process has had, in 10⁶ bytes. Linux only. */
export function peakMegabytesOf(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return (Number(kibibytes) * 1024) / 1e6
}
