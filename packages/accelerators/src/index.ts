export * from './accelerate.ts'
export * from './signatures/choose-verifier.ts'
export { loadNativeVerifier } from './signatures/native-verifier.ts'
export { loadWasmVerifier } from './signatures/wasm-verifier.ts'
