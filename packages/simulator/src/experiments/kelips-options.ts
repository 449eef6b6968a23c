import { KELIPS_DEFAULT, type KelipsOptions } from '@onehop/kelips'
import type { KelipsExperiment } from './experiment.ts'

const MINUTE_MS = 60_000

/** What the experiment's nodes run with. */
export function kelipsOptionsOf(experiment: KelipsExperiment): KelipsOptions {
  return {
    ...KELIPS_DEFAULT,
    groups: experiment.groups,
    contactsPerGroup: experiment.contactsPerGroup,
    pointerLifetimeMs: Math.round(experiment.pointerLifetimeMinutes * MINUTE_MS),
    pointerRefreshMs: Math.round(experiment.pointerRefreshMinutes * MINUTE_MS),
  }
}
