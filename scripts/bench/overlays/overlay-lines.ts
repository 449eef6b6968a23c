import type { Line, Round } from '../suite.ts'
import { metric } from '../suite.ts'
import type { OverlayParameters } from './overlay-task.ts'

const MINUTES_OF_AN_HOUR = 60

/** Issue 5: a virtual hour with 10,000 nodes takes minutes of one core, which is less than an hour of it. */
const HOUR_AT_MOST_S = 3_600

/** The lines of one overlay's task, which has the overlay's name. */
export function overlayLines({ overlay, nodes, minutes }: OverlayParameters): readonly Line[] {
  const where = `${overlay}, ${nodes.toLocaleString('en-US')} nodes`
  const line = (label: string, what: string, unit: string, measured: (round: Round) => number): Line => ({
    name: `${overlay}-${label}`,
    what: `${where}: ${what}`,
    tasks: [overlay],
    unit,
    measured,
  })
  const value = (of: string) => (round: Round) => metric(round, overlay, of)
  const hour = (round: Round) => MINUTES_OF_AN_HOUR * value('cpuSecondsPerVirtualMinute')(round)
  return [
    line('minute', `a virtual minute, of ${minutes}`, 'CPU s', value('cpuSecondsPerVirtualMinute')),
    {
      ...line('hour', 'a virtual hour, extrapolated', 'CPU s', hour),
      target: { atMost: HOUR_AT_MOST_S },
    },
    line('up', 'joining, publishing, settling', 'CPU s', value('upCpuSeconds')),
    line('events', 'events', '/CPU s', value('eventsPerCpuSecond')),
    line('memory', 'peak memory', 'MB', value('peakRssMegabytes')),
    line('success', 'lookups that succeed', '', value('successShare')),
    line('messages', 'messages of a lookup', '', value('messagesPerLookup')),
  ]
}
