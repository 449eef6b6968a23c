import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Writes a file of random bytes. @returns its path. */
export function makeFile(path: string, bytes: number): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, randomBytes(bytes))
  return path
}

/** Writes a folder of several files: nested, empty, smaller than a piece, with letters beyond ASCII. @returns its path. */
export function makeFolder(path: string, bytes: number): string {
  makeFile(join(path, 'large.bin'), bytes - 200_000)
  makeFile(join(path, 'empty.txt'), 0)
  makeFile(join(path, 'sub', 'deep', 'größe ✓.bin'), 199_000)
  makeFile(join(path, 'sub', 'small.bin'), 1000)
  return path
}

/** SHA-256 of a file, or of each file below a folder by its path there; Transmission makes no empty files. */
export function digests(path: string): Record<string, string> {
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map(name => join(path, name))
    : [path]
  const entries = files
    .filter(file => statSync(file).isFile() && statSync(file).size > 0)
    .map(file => [relative(path, file), createHash('sha256').update(readFileSync(file)).digest('hex')])
  return Object.fromEntries(entries.sort()) as Record<string, string>
}
