import { nobleVerifier } from '@onehop/primitives'
import { ScriptChecker } from '../../src/script-checks/script-checker.ts'
import { makeChecks } from './made-checks.ts'

/** A process that checks scripts on two threads and never closes them. */
const onTrouble = (message: string) => console.log(message)
const checker = new ScriptChecker({ verifier: nobleVerifier, threads: 2, onTrouble })
for (let block = 0; block < 3; block++) {
  const verdict = await checker.run(makeChecks(Array.from({ length: 20_000 }, () => 1)))
  console.log(verdict.ok)
}
