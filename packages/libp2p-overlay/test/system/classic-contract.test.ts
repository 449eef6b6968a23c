import {
  CHORD_TESTNET,
  chord,
  FASTTRACK_TESTNET,
  fasttrack,
  GNUTELLA_TESTNET,
  gnutella,
  NAPSTER_TESTNET,
  napster,
  PASTRY_TESTNET,
  pastry,
} from '@onehop/classic-overlays'
import { describeOverlayContract } from '@onehop/overlay/contract'
import {
  hasChordConverged,
  hasFastTrackConverged,
  hasGnutellaConverged,
  hasNapsterConverged,
  hasPastryConverged,
} from '../support/classic-convergence.ts'
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

describeOverlayContract(
  'Gnutella over libp2p',
  liveHarness({
    factory: gnutella({
      ...GNUTELLA_TESTNET,
      // A hit may be on its way for a second or two on a busy machine, and must not expire there.
      pointerLifetimeMs: 5_000,
      pointerRefreshMs: 500,
      pingMs: 300,
      discoveryMs: 800,
      hostRetryMs: 500,
      // What is waited for grows with the time that answers take.
      leastWindowMs: 150,
      queryAttempts: 3,
    }),
    times: { ...TIMES, expiryMs: 5_100 },
    mostHops: 7,
    searches: true,
    confirms: false,
    hasConverged: hasGnutellaConverged,
  }),
)

describeOverlayContract(
  'FastTrack over libp2p',
  liveHarness({
    factory: fasttrack({
      ...FASTTRACK_TESTNET,
      ...POINTERS,
      ...PATIENT,
      tickMs: 100,
      childPingMs: 300,
      linkPingMs: 300,
      silentAfterMs: 1_500,
      rejoinMs: 500,
      windowMs: 100,
    }),
    times: TIMES,
    mostHops: 5,
    searches: true,
    confirms: false,
    hasConverged: hasFastTrackConverged,
  }),
)

describeOverlayContract(
  'Chord over libp2p',
  liveHarness({
    factory: chord({
      ...CHORD_TESTNET,
      ...POINTERS,
      ...PATIENT,
      stabiliseMs: 200,
      compareMs: 1_000,
      rejoinIntervalMs: 500,
    }),
    times: TIMES,
    mostHops: 4,
    searches: true,
    hasConverged: hasChordConverged,
  }),
)

describeOverlayContract(
  'Pastry over libp2p',
  liveHarness({
    factory: pastry({
      ...PASTRY_TESTNET,
      ...POINTERS,
      ...PATIENT,
      keepAliveMs: 300,
      exchangeMs: 300,
      rowMs: 1_000,
      settleMs: 100,
      rejoinMs: 500,
    }),
    times: TIMES,
    mostHops: 2,
    searches: true,
    hasConverged: hasPastryConverged,
  }),
)
