import type { Cancel, Environment, OverlayFactory, OverlayMachine, PeerHandle } from '@onehop/overlay'
import { AssertionError } from '@onehop/primitives'

/** What an overlay's machines did that no machine may do. */
export interface Watch {
  readonly factory: OverlayFactory<unknown>
  /** Sentences. */
  readonly complaints: string[]
  /** Timers that a machine has set and not cancelled, and that have not run. */
  timersOf(machine: OverlayMachine<unknown>): number
}

/** Looks over the shoulders of an overlay's machines: what they do after leaving, and how often they call back. */
export function watched(inner: OverlayFactory<unknown>): Watch {
  const complaints: string[] = []
  const timers = new WeakMap<OverlayMachine<unknown>, Set<object>>()
  const create = (environment: Environment<unknown>): OverlayMachine<unknown> => {
    const pending = new Set<object>()
    const standing = { hasLeft: false, isLeaving: false }
    const machine = inner.create(
      new Proxy(environment, {
        get: (target, name) => watchEnvironment(target, name, standing, pending, complaints),
      }),
    )
    timers.set(machine, pending)
    return watchMachine(machine, standing, complaints, timers, pending)
  }
  return { factory: { ...inner, create }, complaints, timersOf: machine => timers.get(machine)?.size ?? 0 }
}

interface Standing {
  hasLeft: boolean
  isLeaving: boolean
}

function watchEnvironment(
  target: Environment<unknown>,
  name: string | symbol,
  standing: Standing,
  pending: Set<object>,
  complaints: string[],
): unknown {
  if (name === 'setTimer')
    return (delayMs: number, callback: () => void): Cancel => {
      if (standing.hasLeft) complaints.push('a timer is set after leaving')
      const timer = {}
      pending.add(timer)
      const cancel = target.setTimer(delayMs, () => {
        pending.delete(timer)
        if (standing.hasLeft) complaints.push('a timer runs after leaving')
        callback()
      })
      return () => {
        pending.delete(timer)
        cancel()
      }
    }
  if (name === 'send')
    return (to: PeerHandle, message: unknown) => {
      if (standing.hasLeft) complaints.push('a message is sent after leaving')
      if (to === target.self) complaints.push(`a message to itself: ${(message as { type?: string }).type}`)
      target.send(to, message)
    }
  const value: unknown = Reflect.get(target, name, target)
  return typeof value === 'function' ? value.bind(target) : value
}

function watchMachine(
  machine: OverlayMachine<unknown>,
  standing: Standing,
  complaints: string[],
  timers: WeakMap<OverlayMachine<unknown>, Set<object>>,
  pending: Set<object>,
): OverlayMachine<unknown> {
  const once = (what: string, done: unknown) => {
    let calls = 0
    return (...results: unknown[]) => {
      calls++
      if (calls > 1) complaints.push(`${what} calls back ${calls} times`)
      return (done as (...results: unknown[]) => unknown)(...results)
    }
  }
  const seen = new Proxy(machine, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name === 'leave')
        return () => {
          target.leave()
          standing.hasLeft = true
        }
      return (...inputs: unknown[]) => {
        const wrapped = inputs.map(input => (typeof input === 'function' ? once(String(name), input) : input))
        try {
          return value.apply(target, wrapped)
        } catch (error) {
          if (error instanceof AssertionError && name === 'publish') throw error
          complaints.push(
            `${String(name)} throws ${String(error)} ${(error as Error).stack?.split('\n').slice(1, 4).join(' ')}`,
          )
          return undefined
        }
      }
    },
  })
  timers.set(seen, pending)
  return seen
}
