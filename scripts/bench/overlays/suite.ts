import { comparableOverlays } from '@onehop/simulator'
import type { Suite, SuiteOptions, Task } from '../suite.ts'
import { overlayLines } from './overlay-lines.ts'
import type { OverlayParameters } from './overlay-task.ts'

const NODES = 10_000
const QUICK_NODES = 300

/** As many as a mean needs; a flood over 10,000 nodes for each of 10,000 lookups makes the minute long. */
const MINUTES = 2
const QUICK_MINUTES = 1
const FLOODED_MINUTES = 0.1

/** Networks in which every lookup is a flood. */
const FLOODING: readonly string[] = ['gnutella']

/** For 10,000 nodes with all that is on its way between them, whatever Node takes for the machine's due. */
const HEAP_MEGABYTES = 8_000

/** One of V8's three spaces for the young: messages live until they arrive, and are copied the less the larger it is. */
const YOUNG_MEGABYTES = 128

const LONGEST_MS = 3 * 3_600_000

function parametersOf(overlay: string, { quick, nodes, minutes }: SuiteOptions): OverlayParameters {
  const usual = FLOODING.includes(overlay) ? FLOODED_MINUTES : MINUTES
  return {
    overlay,
    nodes: nodes ?? (quick ? QUICK_NODES : NODES),
    minutes: minutes ?? (quick ? QUICK_MINUTES : usual),
  }
}

function task(parameters: OverlayParameters): Task {
  return {
    name: parameters.overlay,
    module: new URL('overlay-task.ts', import.meta.url).href,
    parameters: { ...parameters },
    nodeArguments: [`--max-old-space-size=${HEAP_MEGABYTES}`, `--max-semi-space-size=${YOUNG_MEGABYTES}`],
    limitMs: LONGEST_MS,
  }
}

/** The speed of issue 5: virtual time with every overlay, each node looking something up once a minute. */
export const suite: Suite = {
  name: 'overlays',
  rounds: 1,
  async prepare(options) {
    const all = comparableOverlays().map(overlay => parametersOf(overlay, options))
    return { tasks: all.map(task), lines: all.flatMap(overlayLines) }
  },
}
