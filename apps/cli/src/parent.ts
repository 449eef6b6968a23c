const POLL_MS = 500

/** Names the process that must stay alive for this one to go on. */
const VARIABLE = 'ONEHOP_PARENT_PID'

/**
 * Calls back when the process that started this one, and said so in the environment, is gone, even by kill -9: the system
 * then gives this process another parent. Does nothing for a process that was not told to follow a parent.
 * @returns a function that stops watching.
 */
export function onParentGone(callback: () => void): () => void {
  const parent = Number(process.env[VARIABLE])
  delete process.env[VARIABLE]
  if (!Number.isInteger(parent) || parent <= 0) return () => undefined
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    callback()
  }, POLL_MS)
  return () => clearInterval(timer)
}

/** The environment for a child that ends with this process; without `follow`, for one that outlives it. */
export function environmentForChild(follow: boolean): NodeJS.ProcessEnv {
  const { [VARIABLE]: _, ...environment } = process.env
  return follow ? { ...environment, [VARIABLE]: String(process.pid) } : environment
}
