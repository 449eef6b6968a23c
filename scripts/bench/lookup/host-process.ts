import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { HostAnswer, HostCall, HostOperations } from './host-operations.ts'

const HOST = fileURLToPath(new URL('host.ts', import.meta.url))

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/** A process with nodes, as the one that started it sees it. */
export class HostProcess {
  private readonly child: ChildProcess
  private readonly waiting = new Map<number, Waiting>()
  private calls = 0

  constructor() {
    this.child = fork(HOST, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.child.on('message', message => this.settle(message as HostAnswer))
    this.child.on('exit', code => this.fail(new Error(`a process with nodes ended (${code})`)))
  }

  call<Name extends keyof HostOperations>(
    name: Name,
    ...parameters: Parameters<HostOperations[Name]>
  ): ReturnType<HostOperations[Name]> {
    const id = ++this.calls
    const message: HostCall = { id, name, parameters }
    const answer = new Promise<never>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.child.send(message)
    })
    return answer as unknown as ReturnType<HostOperations[Name]>
  }

  /** Does not wait for goodbyes: what they would show is not measured. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }

  private settle(answer: HostAnswer): void {
    const waiting = this.waiting.get(answer.id)
    this.waiting.delete(answer.id)
    if ('error' in answer) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer.result as never)
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }
}
