export * from './errors.ts'
export * from './storage/disk-storage.ts'
export * from './storage/memory-storage.ts'
export type * from './storage/port.ts'
