import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '@onehop/primitives'
import { type PeerSource, type SwarmError, SwarmSession, type SwarmSessionOptions } from '@onehop/swarm-io'
import { connectionPair, type PairOptions } from './connection-pair.ts'

/** A folder, and sessions in it, that are gone after the test. */
export class Scene {
  readonly folder: string
  readonly sessions = new Map<string, SwarmSession>()
  /** What sessions blamed others for: `session: peer code`. */
  readonly misbehaviours: string[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<Scene> {
    return new Scene(await mkdtemp(join(tmpdir(), 'onehop-swarm-io-')))
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** A session with a resume folder of its own; the same name again opens that folder again. */
  session(name: string, options: Partial<SwarmSessionOptions> = {}): SwarmSession {
    const session = new SwarmSession({
      resumeDir: this.path(`resume-${name}`),
      onMisbehaviour: (peer, { code }) => this.misbehaviours.push(`${name}: ${peer} ${code}`),
      ...options,
    })
    this.sessions.set(name, session)
    return session
  }

  /** The session as it is when its process was started again. */
  async restarted(name: string): Promise<SwarmSession> {
    await this.sessions.get(name)?.close()
    return this.session(name)
  }

  /** A way to a session, which `from` dials. */
  source(from: string, name: string, options: PairOptions = {}): PeerSource {
    return {
      peerId: name,
      connect: async () => {
        const [ours, theirs] = connectionPair(from, name, options)
        this.sessions.get(name)!.accept(theirs)
        return ours
      },
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<string> {
    await writeFile(this.path(name), bytes)
    return this.path(name)
  }

  async close(): Promise<void> {
    await Promise.all([...this.sessions.values()].map(session => session.close()))
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Bytes that follow from the seed. */
export function content(lengthBytes: number, seed = 1): Uint8Array {
  const random = new SeededRandom(seed)
  const words = new Uint32Array(Math.ceil(lengthBytes / 4)).map(() => random.nextUint32())
  return new Uint8Array(words.buffer, 0, lengthBytes)
}

/** Providers that are all known from the start. */
export async function* from(...sources: PeerSource[]): AsyncGenerator<PeerSource> {
  yield* sources
}

/** Providers, and then the search goes on without finding more. */
export async function* searching(...sources: PeerSource[]): AsyncGenerator<PeerSource> {
  yield* sources
  await new Promise(() => {})
}

export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

/** Waits until the condition holds; the test's own time limit is the end of it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 5))
}

/** For `assert.rejects`: a failure with this code, said in one sentence. */
export function failsWith(code: SwarmError['code'], pattern = /./) {
  return (error: unknown): boolean => {
    const failure = error as SwarmError
    return failure.code === code && /^[^\n]+\.$/.test(failure.message) && pattern.test(failure.message)
  }
}
