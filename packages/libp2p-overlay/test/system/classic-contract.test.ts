import { NAPSTER_TESTNET, napster } from '@onehop/classic-overlays'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { hasNapsterConverged } from '../support/classic-convergence.ts'
import { liveHarness } from '../support/live-harness.ts'

/** Networks that live much faster than the testnet's: a second is the unit in which pointers expire. */
const POINTERS = { pointerLifetimeMs: 3_000, pointerRefreshMs: 800 }
const TIMES = { convergenceMs: 1_000, deathMs: 3_000, expiryMs: 3_100 }
/** Patient with a machine that is busy. */
const PATIENT = { defaultTimeoutMs: 1_000, minimumTimeoutMs: 500 }

describeOverlayContract(
  'Napster over libp2p',
  liveHarness({
    factory: napster({
      ...NAPSTER_TESTNET,
      ...POINTERS,
      ...PATIENT,
      keepAliveMs: 300,
      sessionTimeoutMs: 2_000,
      rejoinIntervalMs: 500,
    }),
    times: TIMES,
    mostHops: 1,
    searches: true,
    confirms: false,
    hasConverged: hasNapsterConverged,
  }),
)
