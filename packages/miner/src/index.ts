export * from './interval-miner.ts'
export * from './limits.ts'
export * from './mine-block.ts'
