import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { makeFolder } from '../folder.ts'
import { commandLineOf, isAlive } from './processes.ts'
import { readRunning } from './state.ts'

/**
 * Makes sure that this process alone starts or runs the testnet in a datadir.
 * @returns a function that lets go of it.
 * @throws {CommandFailure} when it runs already, or another process is starting it.
 */
export function lockTestnet(datadir: string): () => void {
  makeFolder(datadir)
  refuseIfRunning(datadir)
  const path = join(datadir, 'testnet.lock')
  if (!tryLock(path)) {
    if (holderLives(path)) {
      throw new CommandFailure(EXIT.failed, `Another "onehop testnet up" is at work in ${datadir}.`)
    }
    rmSync(path, { force: true })
    if (!tryLock(path)) {
      throw new CommandFailure(EXIT.failed, `Another "onehop testnet up" is at work in ${datadir}.`)
    }
  }
  return () => rmSync(path, { force: true })
}

function refuseIfRunning(datadir: string): void {
  const nodes = readRunning(datadir)?.nodes ?? []
  const alive = nodes.filter(node => isAlive(node.pid, node.datadir))
  if (alive.length === 0) return
  throw new CommandFailure(
    EXIT.failed,
    `A testnet is running in ${datadir} (${alive.length} of ${nodes.length} nodes); stop it with "onehop testnet down".`,
  )
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function holderLives(path: string): boolean {
  const pid = Number(readFileSync(path, 'utf8'))
  return commandLineOf(pid).some(word => word.includes('onehop'))
}
