import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const LAUNCHER = join(import.meta.dirname, '../../bin/onehop.js')

/** What a run printed, and how it ended. */
export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The Node.js that starts the launcher. Default: this one, with its options, so that it need not start another. */
  readonly node?: string
  /** Called once the process runs. */
  readonly onSpawn?: (pid: number) => void
}

/** Runs the command line in a process of its own, with no settings of the user's. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { node, env = {}, cwd, onSpawn } = options
  const [program, ...flags] = node === undefined ? [process.execPath, '--conditions=@onehop/source'] : [node]
  const child = spawn(program!, [...flags, LAUNCHER, ...args], {
    env: { PATH: process.env.PATH, ONEHOP_HOME: '/nonexistent', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  if (child.pid !== undefined) onSpawn?.(child.pid)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
