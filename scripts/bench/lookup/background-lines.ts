import type { Line, Round } from '../suite.ts'
import { metric } from '../suite.ts'

export const BACKGROUND_TASK = 'background'

/** What a node may send and receive in the background, bytes a second (KELIPS_DEFAULT). */
const BUDGET_BYTES_PER_SECOND = 2_048

/** Open connections that a node keeps at most. */
const CONNECTION_CAP = 64

const value = (name: string) => (round: Round) => metric(round, BACKGROUND_TASK, name)

function line(name: string, what: string, metricName: string): Line {
  return {
    name: `background-${name}`,
    what,
    tasks: [BACKGROUND_TASK],
    unit: 'B/s',
    measured: value(metricName),
  }
}

const WITHIN_BUDGET = { target: { atMost: BUDGET_BYTES_PER_SECOND } }

/** What nodes move when nobody asks anything. */
export const BACKGROUND_LINES: readonly Line[] = [
  { ...line('sent', 'background, messages sent a node', 'messageSentBytesPerSecond'), ...WITHIN_BUDGET },
  {
    ...line('received', 'background, messages received a node', 'messageReceivedBytesPerSecond'),
    ...WITHIN_BUDGET,
  },
  line('sent-most', 'the same, of the node that sends most', 'messageSentMostBytesPerSecond'),
  line('received-most', 'the same, of the node that receives most', 'messageReceivedMostBytesPerSecond'),
  {
    ...line('socket-sent', 'background, bytes at the sockets sent a node', 'socketSentBytesPerSecond'),
    ...WITHIN_BUDGET,
  },
  { ...line('socket-received', 'the same, received', 'socketReceivedBytesPerSecond'), ...WITHIN_BUDGET },
  {
    name: 'background-connections',
    what: 'open connections of the node that has most',
    tasks: [BACKGROUND_TASK],
    unit: 'open',
    measured: value('mostConnections'),
    target: { atMost: CONNECTION_CAP },
  },
]
