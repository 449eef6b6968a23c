export * from './chord/index.ts'
export * from './napster/index.ts'
export * from './pastry/index.ts'
export * from './registry.ts'
