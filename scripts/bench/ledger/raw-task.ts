/** The fast backend alone, in a loop over the chain's signatures. */
import type { SignatureVerifier } from '@onehop/primitives'
import { textOf } from '../parameters.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { TaskRun } from '../suite.ts'
import { fastVerifier } from './backend.ts'
import { openBenchChain, readSignatures } from './bench-chain.ts'

type Signatures = ReturnType<typeof readSignatures>

function verifyAll(verifier: SignatureVerifier, signatures: Signatures, schnorr: boolean): void {
  for (const { signature, hash, publicKey } of signatures) {
    const valid = schnorr
      ? verifier.verifySchnorr(signature, hash, publicKey)
      : verifier.verifyEcdsa(signature, hash, publicKey)
    if (!valid) throw new Error('a good signature was refused')
  }
}

const WARM_UP = 500

const run: TaskRun = async parameters => {
  const bench = openBenchChain(textOf(parameters, 'chain'))
  const schnorr = bench.shape.kinds.includes('p2tr')
  const verifier = fastVerifier()
  const signatures = readSignatures(bench)
  verifyAll(verifier, signatures.slice(0, WARM_UP), schnorr)
  const watch = new Stopwatch()
  watch.start()
  verifyAll(verifier, signatures, schnorr)
  const { cpuSeconds, wallSeconds } = watch.stop()
  return {
    verificationsPerCpuSecond: signatures.length / cpuSeconds,
    verificationsPerSecond: signatures.length / wallSeconds,
  }
}

export default run
