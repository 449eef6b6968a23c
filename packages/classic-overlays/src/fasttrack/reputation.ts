import type { PeerId } from '@onehop/overlay'
import { BoundedMap, bytesKey } from '@onehop/primitives'
import {
  FIRST_LEVEL,
  LEVEL_PER_LOSS,
  MAX_LEVEL,
  MAX_LEVEL_FROM_UPLOADS,
  MAX_REPORTERS,
  MAX_STANDINGS,
  MAX_UPLOADS_PER_REPORTER,
} from './limits.ts'

/** What moves a participation level. */
export interface LevelSteps {
  readonly levelPerHour: number
  readonly levelPerUpload: number
}

/** What is known of a node's participation. */
export interface Participation {
  readonly connectedMs: number
  readonly uploads: number
  /** Times that it was gone without a word. */
  readonly losses: number
}

const HOUR_MS = 3_600_000

/**
 * KazaaLite's participation level: 0 to 1,000, at first 10, moved by the length of periods of connectivity and by
 * uploads (lecture 004). Nobody published its steps; these are options.
 */
export function participationLevel(
  { connectedMs, uploads, losses }: Participation,
  steps: LevelSteps,
): number {
  const fromTime = Math.floor((connectedMs * steps.levelPerHour) / HOUR_MS)
  const fromUploads = Math.min(MAX_LEVEL_FROM_UPLOADS, uploads * steps.levelPerUpload)
  const level = FIRST_LEVEL + fromTime + fromUploads - losses * LEVEL_PER_LOSS
  return Math.max(0, Math.min(MAX_LEVEL, level))
}

/** One child's participation, as its supernode has seen it. */
class Standing implements Participation {
  connectedMs = 0
  uploads = 0
  losses = 0
  /** Uploads that each reporter has confirmed. */
  readonly reporters = new Map<string, number>()
}

/**
 * What a supernode has itself seen of its children, those included that left: nobody's own word counts, for KazaaLite
 * proved that a client which sets its own level sets it to 1,000.
 */
export class Reputations {
  private readonly steps: LevelSteps
  private readonly standings = new BoundedMap<string, Standing>(MAX_STANDINGS)

  constructor(steps: LevelSteps) {
    this.steps = steps
  }

  get size(): number {
    return this.standings.size
  }

  /** @param presentMs for how long it has been connected this time. */
  levelOf(child: PeerId, presentMs: number): number {
    const standing = this.standings.get(bytesKey(child))
    const { connectedMs, uploads, losses } = standing ?? new Standing()
    return participationLevel({ connectedMs: connectedMs + presentMs, uploads, losses }, this.steps)
  }

  /** A child is gone, after so long. */
  onGone(child: PeerId, presentMs: number, isLoss: boolean): void {
    const standing = this.standing(child)
    standing.connectedMs += presentMs
    if (isLoss) standing.losses++
  }

  /** Somebody says that it got content from the child. Not more than a little is believed of each who says so. */
  onReceipt(child: PeerId, reporter: PeerId): void {
    const standing = this.standing(child)
    const name = bytesKey(reporter)
    const count = standing.reporters.get(name) ?? 0
    const isNew = count === 0 && standing.reporters.size >= MAX_REPORTERS
    if (isNew || count >= MAX_UPLOADS_PER_REPORTER || name === bytesKey(child)) return
    standing.reporters.set(name, count + 1)
    standing.uploads++
  }

  private standing(child: PeerId): Standing {
    const name = bytesKey(child)
    const standing = this.standings.touch(name) ?? new Standing()
    this.standings.set(name, standing)
    return standing
  }
}
