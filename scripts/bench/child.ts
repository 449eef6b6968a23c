/** A process that runs one task: `child.ts MODULE PARAMETERS`, and sends what it measured to its parent. */
import type { TaskRun } from './suite.ts'

const [module, parameters] = process.argv.slice(2)
if (module === undefined || parameters === undefined || process.send === undefined)
  throw new Error('child.ts is started by run-task.ts')
const { default: run } = (await import(module)) as { default: TaskRun }
process.send(await run(JSON.parse(parameters) as Record<string, unknown>))
process.disconnect()
