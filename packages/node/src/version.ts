import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** This release, e.g. `0.1.0`. */
export const VERSION: string = manifest.version

/** The version of bitcoind whose RPC this node speaks, as bitcoind counts: 30.0. Clients look at it. */
export const BITCOIND_VERSION = 300_000

/** What peers are told by identify. */
export const USER_AGENT = `onehop/${VERSION}`
