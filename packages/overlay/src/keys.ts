/** Where something is looked up: 32 bytes, SHA-256 (DESIGN: keys and pointers). */
export type Key = Uint8Array
