import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A process that says nothing for longer hangs; below a task's limit, so that no process is left behind. */
const LIMIT_MS = 200_000

/** As `onehop start` runs a node. */
const NODE_OPTIONS = ['--max-semi-space-size=8']

/** Until a process that was let go of has to be gone. */
const END_MS = 5_000

const PRELOAD = ['--import', new URL('processes/ends-with-parent.ts', import.meta.url).href]

/** A fresh process of Node.js that runs a module of `processes/`, and the messages between it and us. */
export class NodeProcess {
  readonly child: ChildProcess

  /** @param options of Node.js. */
  constructor(module: string, parameters: readonly string[], options: readonly string[] = NODE_OPTIONS) {
    const path = fileURLToPath(new URL(`processes/${module}`, import.meta.url))
    this.child = fork(path, parameters, {
      execArgv: [...process.execArgv, ...PRELOAD, ...options],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }

  /** The next message of the process. Rejects when it ends before. */
  async next<Message>(): Promise<Message> {
    const over = new AbortController()
    const { signal } = over
    try {
      return await Promise.race([
        once(this.child, 'message', { signal }).then(([message]) => message as Message),
        once(this.child, 'exit', { signal }).then(([code]) =>
          Promise.reject(new Error(`a process ended (${code})`)),
        ),
        pause(LIMIT_MS, undefined, { signal, ref: false }).then(() =>
          Promise.reject(new Error('a process says nothing')),
        ),
      ])
    } finally {
      over.abort()
    }
  }

  tell(message: object): void {
    this.child.send(message)
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    if (this.child.connected) this.child.disconnect()
    const late = setTimeout(() => this.child.kill('SIGKILL'), END_MS)
    await gone
    clearTimeout(late)
  }
}
