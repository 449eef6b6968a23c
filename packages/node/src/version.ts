import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** This release, e.g. `0.1.0`. */
export const VERSION: string = manifest.version

/** As bitcoind counts: 10000 × major + 100 × minor + patch. */
export const VERSION_NUMBER: number = VERSION.split('.')
  .slice(0, 3)
  .reduce((number, part) => number * 100 + Number.parseInt(part, 10), 0)

/** What peers are told by identify. */
export const USER_AGENT = `onehop/${VERSION}`
