import { registerAttackTests } from './attack-tests.ts'
import { registerFaultTests } from './fault-tests.ts'
import type { OverlayHarness } from './harness.ts'
import { registerLookupTests } from './lookup-tests.ts'
import { group } from './mocha.ts'
import { registerSearchTests } from './search-tests.ts'

/**
 * Registers the contract's tests with mocha: what every overlay must do, in the simulator and live.
 * @param name the overlay's, for the title.
 */
export function describeOverlayContract(name: string, harness: OverlayHarness): void {
  group(`the lookup contract, kept by ${name}`, () => {
    registerLookupTests(harness)
    registerFaultTests(harness)
    if (harness.searches) registerSearchTests(harness)
    if (harness.faults.attack) registerAttackTests(harness)
  })
}
