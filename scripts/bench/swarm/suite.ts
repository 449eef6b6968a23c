import type { Line, Metrics, Round, Suite, SuiteOptions, Task } from '../suite.ts'
import { metric } from '../suite.ts'
import type { TransferParameters } from './transfer-task.ts'

const MIB = 1024 * 1024

function task(name: string, file: string, parameters: object): Task {
  const module = new URL(file, import.meta.url).href
  return { name, module, parameters: { ...parameters }, nodeArguments: [] }
}

function transfer(name: string, parameters: TransferParameters): Task {
  return task(name, 'transfer-task.ts', parameters)
}

function tasksOf({ quick }: SuiteOptions): readonly Task[] {
  const lengthBytes = (quick ? 64 : 512) * MIB
  const hashed = { lengthBytes: (quick ? 256 : 4096) * MIB }
  const from = { seeder: 'aria2', seeders: 1, lengthBytes } as const
  return [
    transfer('aria2-aria2', { ...from, leecher: 'aria2' }),
    transfer('aria2-onehop', { ...from, leecher: 'onehop' }),
    transfer('aria2-webtorrent', { ...from, leecher: 'webtorrent' }),
    transfer('aria2-nothing', { ...from, leecher: 'nothing' }),
    transfer('onehop-aria2', { ...from, seeder: 'onehop', leecher: 'aria2' }),
    transfer('three-onehop', { ...from, seeders: 3, leecher: 'onehop' }),
    transfer('onehop-onehop', { ...from, seeder: 'onehop', leecher: 'onehop' }),
    task('raw-stream', 'libp2p-task.ts', { kind: 'raw', lengthBytes }),
    task('libp2p-swarm', 'libp2p-task.ts', { kind: 'swarm', lengthBytes }),
    task('hashing-loops', 'hashing-task.ts', { kind: 'loops', ...hashed }),
    task('hashing', 'hashing-task.ts', { kind: 'publication', ...hashed }),
  ]
}

const RATE = 'megabytesPerSecond'
const CPU_RATE = 'megabytesPerCpuSecond'
const SEEDER_CPU_RATE = 'seederMegabytesPerCpuSecond'

function value(name: string, metricName: string) {
  return (round: Round) => metric(round, name, metricName)
}

/** The same number of two tasks, divided. */
function against(
  measured: string,
  reference: string,
  metricName: keyof Metrics & string,
): Pick<Line, 'tasks' | 'unit' | 'measured' | 'reference'> {
  return {
    tasks: [measured, reference],
    unit: metricName === RATE ? 'MB/s' : 'MB/cpu s',
    measured: value(measured, metricName),
    reference: value(reference, metricName),
  }
}

/** The table of issue 6, and what explains it: `MB` are 10⁶ bytes, a side's CPU seconds are those of its process. */
const LINES: readonly Line[] = [
  {
    name: 'fetch-webtorrent',
    what: 'aria2 → us',
    ...against('aria2-onehop', 'aria2-webtorrent', RATE),
    referenceName: 'aria2 → webtorrent',
    target: { atLeast: 4 },
  },
  {
    name: 'fetch-webtorrent-cpu',
    what: 'aria2 → us, the leecher',
    ...against('aria2-onehop', 'aria2-webtorrent', CPU_RATE),
    referenceName: 'aria2 → webtorrent',
  },
  {
    name: 'fetch-aria2',
    what: 'aria2 → us, the leecher',
    ...against('aria2-onehop', 'aria2-aria2', CPU_RATE),
    referenceName: 'aria2 → aria2',
    target: { atLeast: 0.6 },
  },
  {
    name: 'fetch-aria2-wall',
    what: 'aria2 → us',
    ...against('aria2-onehop', 'aria2-aria2', RATE),
    referenceName: 'aria2 → aria2',
  },
  {
    name: 'fetch-ceiling',
    what: 'aria2 → us',
    ...against('aria2-onehop', 'aria2-nothing', RATE),
    referenceName: 'aria2 → who keeps nothing',
  },
  {
    name: 'seed-aria2',
    what: 'us → aria2',
    ...against('onehop-aria2', 'aria2-aria2', RATE),
    referenceName: 'aria2 → aria2',
    target: { atLeast: 0.8 },
  },
  {
    name: 'seed-aria2-cpu',
    what: 'us → aria2, the seeder',
    ...against('onehop-aria2', 'aria2-aria2', SEEDER_CPU_RATE),
    referenceName: 'aria2 → aria2',
  },
  {
    name: 'three',
    what: '3 × aria2 → us',
    ...against('three-onehop', 'aria2-onehop', RATE),
    referenceName: 'aria2 → us',
    target: { atLeast: 1 },
  },
  {
    name: 'tcp',
    what: 'us → us over TCP, the leecher',
    tasks: ['onehop-onehop'],
    unit: 'MB/cpu s',
    measured: value('onehop-onehop', CPU_RATE),
  },
  {
    name: 'libp2p',
    what: 'us → us over libp2p (Noise, Yamux)',
    ...against('libp2p-swarm', 'raw-stream', RATE),
    referenceName: 'a raw stream',
    target: { atLeast: 0.8 },
  },
  {
    name: 'libp2p-cpu',
    what: 'us → us over libp2p, the leecher',
    ...against('libp2p-swarm', 'raw-stream', CPU_RATE),
    referenceName: 'a raw stream',
  },
  {
    name: 'memory',
    what: 'aria2 → us, most memory of the leecher',
    tasks: ['aria2-onehop'],
    unit: 'MB RSS',
    measured: value('aria2-onehop', 'peakMegabytes'),
    target: { atMost: 150 },
  },
  {
    name: 'memory-three',
    what: '3 × aria2 → us, most memory of the leecher',
    tasks: ['three-onehop'],
    unit: 'MB RSS',
    measured: value('three-onehop', 'peakMegabytes'),
    target: { atMost: 150 },
  },
  {
    name: 'hashing',
    what: 'hashing for publication, 2 threads',
    ...against('hashing', 'hashing-loops', RATE),
    referenceName: 'read and createHash on 2 threads',
    target: { atLeast: 0.9 },
  },
  {
    name: 'hashing-cpu',
    what: 'hashing for publication',
    ...against('hashing', 'hashing-loops', CPU_RATE),
    referenceName: 'read and createHash',
  },
]

/** The speed of issue 6: transfers on loopback between processes of ours and of others, and hashing. */
export const suite: Suite = {
  name: 'swarm',
  async prepare(options) {
    return { tasks: tasksOf(options), lines: LINES }
  },
}
