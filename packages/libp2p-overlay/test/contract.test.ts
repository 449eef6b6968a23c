import { KELIPS_TESTNET, kelips } from '@onehop/kelips'
import { describeOverlayContract } from '@onehop/overlay/contract'
import { liveHarness } from './support/live-harness.ts'

/** A network that lives ten times as fast as the testnet's, so that real time suffices. */
const FAST = {
  ...KELIPS_TESTNET,
  gossipIntervalMs: 60,
  gossipBytesPerSecond: 200_000,
  heartbeatIntervalMs: 150,
  suspectAfterMs: 400,
  memberLifetimeMs: 1_000,
  pointerLifetimeMs: 2_000,
  pointerRefreshMs: 500,
  defaultTimeoutMs: 500,
  minimumTimeoutMs: 100,
  rejoinIntervalMs: 300,
}

// Forty seconds of real time, in which pointers must expire: on demand only. `live.test.ts` covers the driver always.
if (process.env.ONEHOP_LIVE_CONTRACT !== undefined)
  describeOverlayContract(
    'Kelips over libp2p',
    liveHarness(kelips(FAST), { convergenceMs: 400, deathMs: 1_200, expiryMs: 3_200 }, 1),
  )
