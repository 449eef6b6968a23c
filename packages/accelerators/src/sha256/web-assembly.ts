/*
 * The little that we need of the WebAssembly JavaScript interface. TypeScript declares it together with the browser's
 * DOM only, which we do not have.
 */

/** Memory of a module. It never grows, so that its buffer stays the same. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

interface WasmInterface {
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

function wasm(): WasmInterface {
  const { WebAssembly } = globalThis as { WebAssembly?: WasmInterface }
  if (WebAssembly === undefined) throw new Error('there is no WebAssembly here')
  return WebAssembly
}

/** @param pages of 64 KiB. @throws where there is no WebAssembly. */
export function createMemory(pages: number): WasmMemory {
  return new (wasm().Memory)({ initial: pages, maximum: pages })
}

/**
 * Compiles a module that imports its memory as `env.memory`.
 * @returns its functions.
 * @throws where an instruction of it is not known, SIMD for one.
 */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WasmMemory): object {
  const { Module, Instance } = wasm()
  return new Instance(new Module(bytes), { env: { memory } }).exports
}
