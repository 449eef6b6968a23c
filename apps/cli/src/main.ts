import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, settings } from '@oclif/core'
import { allWritten } from './all-written.ts'
import { type KnownCommand, listCommands, readCommandLine } from './command-line.ts'
import { EXIT } from './exit-codes.ts'
import { CommandFailure, tellFailure } from './failure.ts'
import { onInterrupt } from './interruption.ts'
import { writeError, writeJson } from './output.ts'

/** Time in ms for what was printed to be read, when the command has failed or was stopped. */
const PATIENCE_AFTER_FAILURE_MS = 2_000

/**
 * Runs the command line and ends the process: after success when all that was printed has been taken, however long that
 * takes, for a player may be paused.
 * @param root the package's folder.
 * @param typed what stands after `onehop`.
 */
export async function main(root: string, typed: readonly string[]): Promise<never> {
  process.on('uncaughtException', error => end(fail(error, typed)))
  try {
    await runCommandLine(root, typed)
    onInterrupt(() => end(EXIT.interrupted))
    await flushed()
    return end(EXIT.ok)
  } catch (error) {
    const exit = isExit(error) ? error.oclif.exit : fail(error, typed)
    await Promise.race([flushed(), sleep(PATIENCE_AFTER_FAILURE_MS)])
    return end(exit)
  }
}

function flushed(): Promise<void> {
  return allWritten([process.stdout, process.stderr])
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
