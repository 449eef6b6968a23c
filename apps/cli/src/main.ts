import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flush, run, settings } from '@oclif/core'
import { type KnownCommand, listCommands, readCommandLine } from './command-line.ts'
import { CommandFailure, tellFailure } from './failure.ts'
import { writeError, writeJson } from './output.ts'

/**
 * Runs the command line and ends the process.
 * @param root the package's folder.
 * @param typed what stands after `onehop`.
 */
export async function main(root: string, typed: readonly string[]): Promise<never> {
  process.on('uncaughtException', error => end(fail(error, typed)))
  try {
    await runCommandLine(root, typed)
    await flushed()
    return end(0)
  } catch (error) {
    if (isExit(error)) return end(error.oclif.exit)
    const exit = fail(error, typed)
    await flushed()
    return end(exit)
  }
}

/** Resolves when all has been written, or nobody reads it any more: as in `onehop … | head -1`. */
async function flushed(): Promise<void> {
  const { stdout } = process
  if (stdout.errored) return
  const closed = new Promise<void>(resolve => stdout.once('error', () => resolve()))
  await Promise.race([flush(), closed])
}

async function runCommandLine(root: string, typed: readonly string[]): Promise<void> {
  const folder = existsSync(join(root, 'src')) ? './src/commands' : './dist/commands'
  const { argv, command } = readCommandLine(typed, listCommands(join(root, folder)))
  settings.enableAutoTranspile = false
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageManifest
  const commands = { strategy: 'pattern' as const, target: folder, globPatterns: patternsFor(command) }
  await run([...argv], {
    root,
    pjson: { ...pjson, oclif: { ...pjson.oclif, commands } } as never,
    ignoreManifest: true,
  })
}

interface PackageManifest {
  readonly name: string
  readonly version: string
  readonly oclif: Readonly<Record<string, unknown>>
}

/** oclif imports every command that it may need: only the one that was named, or all for the list of them. */
function patternsFor(command: KnownCommand | undefined): string[] {
  return command === undefined ? ['**/*.{js,ts}', '!**/*.d.ts'] : [command.file]
}

/** Tells the failure, on stderr for people and with `--json` on stdout for programs. @returns the exit code. */
function fail(error: unknown, typed: readonly string[]): number {
  const { exit, code, message } = tellFailure(error)
  const result = error instanceof CommandFailure ? error.partialResult : {}
  if (typed.includes('--json')) writeJson({ ...result, error: { code, message } })
  writeError(`Error: ${message}`)
  return exit
}

function isExit(error: unknown): error is { oclif: { exit: number } } {
  return (error as { code?: string } | undefined)?.code === 'EEXIT'
}

function end(exitCode: number): never {
  process.exit(exitCode)
}
