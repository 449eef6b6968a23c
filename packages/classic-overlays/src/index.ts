export * from './napster/index.ts'
export * from './registry.ts'
