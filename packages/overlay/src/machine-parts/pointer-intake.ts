import { equalBytes, invalid, type Verdict } from '@onehop/primitives'
import { checkPointer } from '../check-pointer.ts'
import type { Environment, PeerHandle } from '../contract.ts'
import { type Pointer, verifyPointer } from '../pointer.ts'
import type { Handles } from './handles.ts'
import { type SignatureCheckLimits, SignatureChecks } from './signature-checks.ts'

/** What an intake needs of its machine. */
export interface PointerIntakeParts {
  readonly environment: Environment<never>
  readonly handles: Handles
  readonly hasLeft: () => boolean
  readonly limits: SignatureCheckLimits
  /** A version of this pointer that was verified before, so that nothing is verified twice. */
  readonly knownAs: (pointer: Pointer) => Pointer | undefined
}

/** Looks at the form, the age and the signature of pointers that peers send. Who sends a forgery is to blame. */
export class PointerIntake {
  private readonly parts: PointerIntakeParts
  private readonly checks: SignatureChecks

  constructor(parts: PointerIntakeParts) {
    this.parts = parts
    this.checks = new SignatureChecks(parts.handles, parts.hasLeft, parts.limits)
  }

  /** Hands on those of the pointers whose form, time and signature are right. Not called when the node leaves before. */
  verify(pointers: readonly Pointer[], from: PeerHandle, done: (valid: Pointer[]) => void): void {
    const valid: Pointer[] = []
    let pending = 1
    const end = () => {
      pending--
      if (pending === 0) done(valid)
    }
    for (const pointer of pointers) {
      if (!this.isAcceptable(pointer, from)) continue
      const known = this.verifiedAs(pointer)
      if (known !== undefined) {
        valid.push(known)
        continue
      }
      pending++
      this.checkSignature(pointer, from, isValid => {
        if (isValid) valid.push(pointer)
        end()
      })
    }
    end()
  }

  private isAcceptable(pointer: Pointer, from: PeerHandle): boolean {
    const { environment } = this.parts
    const verdict = checkPointer(pointer, Math.floor(environment.now() / 1000))
    if (!verdict.ok && verdict.blame === 'sender') this.blame(from, verdict)
    return verdict.ok
  }

  private verifiedAs(pointer: Pointer): Pointer | undefined {
    if (pointer.genuine === pointer) return pointer
    const known = this.parts.knownAs(pointer)
    const isSame = known?.sequence === pointer.sequence && equalBytes(known.signature, pointer.signature)
    return isSame ? known : undefined
  }

  private checkSignature(pointer: Pointer, from: PeerHandle, done: (isValid: boolean) => void): void {
    const { environment } = this.parts
    this.checks.run(
      from,
      answer => verifyPointer(pointer, environment.verify.bind(environment), answer),
      isValid => {
        if (isValid === false) this.blame(from, invalid('forged-pointer'))
        done(isValid === true)
      },
    )
  }

  private blame(peer: PeerHandle, verdict: Verdict): void {
    if (peer !== this.parts.environment.self) this.parts.environment.penalise(peer, verdict)
  }
}
