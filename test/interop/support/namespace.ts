import { spawnSync } from 'node:child_process'

/** One of the networks that documentation may use (RFC 5737), so that no real one is in the way. */
const NETWORK = '198.51.100'

/**
 * A network of its own, joined to this machine's by a cable: for a client that does not dial loopback addresses. Needs
 * root and iproute2.
 */
export class Namespace {
  readonly name: string
  /** This machine's end of the cable. */
  readonly outerHost = `${NETWORK}.1`
  /** The end inside. */
  readonly innerHost = `${NETWORK}.2`

  private constructor(name: string) {
    this.name = name
  }

  /** What a command in the namespace begins with. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name]
  }

  /** @returns the namespace, or why there can be none. */
  static make(): Namespace | string {
    const namespace = new Namespace(`onehop-${process.pid}`)
    const failure = namespace.setUp()
    if (failure !== undefined) namespace.remove()
    return failure ?? namespace
  }

  private setUp(): string | undefined {
    const { name, outerHost, innerHost } = this
    const [outer, inner] = [`oh${process.pid}a`, `oh${process.pid}b`]
    const commands = [
      ['netns', 'add', name],
      ['link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name],
      ['addr', 'add', `${outerHost}/30`, 'dev', outer],
      ['link', 'set', outer, 'up'],
      ['-n', name, 'addr', 'add', `${innerHost}/30`, 'dev', inner],
      ['-n', name, 'link', 'set', inner, 'up'],
      ['-n', name, 'link', 'set', 'lo', 'up'],
    ]
    for (const command of commands) {
      const { status, stderr, error } = spawnSync('ip', command, { encoding: 'utf8' })
      if (status !== 0) return `ip ${command.join(' ')}: ${error?.message ?? stderr.trim()}`
    }
    return undefined
  }

  /** The cable goes with it. */
  remove(): void {
    spawnSync('ip', ['netns', 'delete', this.name])
  }
}
