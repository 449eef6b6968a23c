import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Metrics, Task } from './suite.ts'

/** As the launcher of `onehop` does it: code is compiled, and types are stripped, by the first run only. */
const COMPILE_CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/onehop-bench/compiled', import.meta.url),
)
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** A task that hangs must not keep the others from being measured. */
const LIMIT_MS = 240_000

/** Runs a task in a fresh process, and returns what it measured. @param nodeArguments options of Node.js for it. */
export function runTask(task: Task, nodeArguments: readonly string[]): Promise<Metrics> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [task.module, JSON.stringify(task.parameters)], {
      execArgv: [...process.execArgv, '--expose-gc', ...task.nodeArguments, ...nodeArguments],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
      // JSON would lose NaN, which is what a mean of nothing is.
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const limit = setTimeout(() => child.kill('SIGKILL'), task.limitMs ?? LIMIT_MS)
    let metrics: Metrics | undefined
    child.on('message', message => {
      metrics = message as Metrics
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(limit)
      if (metrics !== undefined && code === 0) resolve(metrics)
      else reject(new Error(`${task.name} ended with ${signal ?? code} and without a result`))
    })
  })
}
