import { availableParallelism, cpus, totalmem } from 'node:os'
import type { MachineDescription } from './result.ts'

/** This machine, as a result names it. */
export function describeMachine(): MachineDescription {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** Most memory that this process has had so far. */
export function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}
