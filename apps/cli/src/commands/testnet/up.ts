import { resolve } from 'node:path'
import { Flags } from '@oclif/core'
import type { OverlayName } from '@onehop/rpc'
import { decimal, overlayName, wholeNumber } from '../../arguments.ts'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure, Interrupted, UsageFailure } from '../../failure.ts'
import { count } from '../../format.ts'
import { launcherOf } from '../../home.ts'
import { onInterrupt } from '../../interruption.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import { writeError } from '../../output.ts'
import { onParentGone } from '../../parent.ts'
import { Phases } from '../../phases.ts'
import { type BannerFacts, bannerOf, type NodeReport, reportOf } from '../../testnet/banner.ts'
import { killTestnet } from '../../testnet/down.ts'
import { DEFAULT_RPC_PORT, MAX_BLOCK_TIME_SECONDS, MAX_NODES } from '../../testnet/limits.ts'
import { defaultTestnetDatadir } from '../../testnet/state.ts'
import { Testnet } from '../../testnet/testnet.ts'
import { watchTestnet } from '../../testnet/watch.ts'

export class TestnetUp extends OutputCommand {
  static override summary = 'Start a local testnet, one process per node, and wait until it works.'
  static override description =
    'Every node gets 50 spendable bitcoins the first time; a testnet that was stopped goes on where it was.\n' +
    'Stays in the foreground and tells of new blocks until Ctrl-C stops it, unless --detach is given.'
  static override baseFlags = outputFlags
  static override flags = {
    nodes: Flags.custom<number>({
      description: 'How many nodes.',
      parse: wholeNumber('--nodes', { min: 1, max: MAX_NODES }),
    })({ default: 8 }),
    overlay: Flags.custom<OverlayName>({
      description:
        'What content is found by: kelips, napster, gnutella, fasttrack, chord or pastry. ' +
        'Default: as the last time, at first kelips. Chain and files stay when it changes.',
      env: 'ONEHOP_OVERLAY',
      helpValue: 'NAME',
      parse: overlayName('--overlay'),
    })(),
    miners: Flags.custom<number>({
      description: 'How many of them mine.',
      parse: wholeNumber('--miners', { min: 1, max: MAX_NODES }),
    })({ default: 1 }),
    'block-time': Flags.custom<number>({
      description: 'Seconds between blocks; 0: only when "onehop mine" asks for one.',
      parse: decimal('--block-time', { min: 0, max: MAX_BLOCK_TIME_SECONDS }),
    })({ default: 5 }),
    datadir: Flags.string({ description: 'Where everything is kept. Default: ~/.onehop/testnet.' }),
    detach: Flags.boolean({ description: 'Return when it works, and leave it running.' }),
    'rpc-port': Flags.custom<number>({
      description: 'The first RPC port; busy ones are skipped.',
      parse: wholeNumber('--rpc-port', { min: 1024, max: 65_535 }),
    })({ default: DEFAULT_RPC_PORT }),
    'bt-port': Flags.custom<number>({
      description:
        'The first port for other BitTorrent clients, one a node; 0: none. Default: behind the RPC ports.',
      parse: wholeNumber('--bt-port', { min: 0, max: 65_535 }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --nodes 3 --block-time 0 --detach --json',
    '<%= config.bin %> <%= command.id %> --overlay chord',
    '<%= config.bin %> <%= command.id %> --nodes 16 --miners 4 --block-time 2 --datadir /tmp/net',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(TestnetUp)
    const { nodes, overlay, miners, 'block-time': blockTimeSeconds, 'rpc-port': firstRpcPort, detach } = flags
    if (miners > nodes) {
      throw new UsageFailure(`--miners must not be more than the number of nodes, ${nodes}; it is ${miners}.`)
    }
    const datadir = resolve(flags.datadir ?? defaultTestnetDatadir())
    const interruption = new AbortController()
    const interrupt = () => interruption.abort(new Interrupted())
    onInterrupt(interrupt, () => {
      killTestnet(datadir)
      process.exit(EXIT.interrupted)
    })
    onParentGone(interrupt)
    const phases = new Phases(flags.json || flags.quiet)
    const testnet = await Testnet.start({
      datadir,
      nodes,
      overlay,
      miners,
      blockTimeSeconds,
      firstRpcPort,
      firstBtPort: flags['bt-port'],
      detach,
      launcher: launcherOf(this.config.root),
      signal: interruption.signal,
      onPhase: phase => phases.show(phase),
    })
    phases.done(`${count(nodes, 'node')} up`)
    await this.tell(testnet, flags, { datadir, overlay: testnet.overlay, miners, blockTimeSeconds })
    if (detach) testnet.leave()
    else await stayUntilStopped(testnet, interruption.signal)
  }

  private async tell(
    testnet: Testnet,
    flags: { json: boolean; quiet: boolean },
    facts: BannerFacts,
  ): Promise<void> {
    const statuses = await testnet.statuses()
    const nodes: NodeReport[] = testnet.nodes.map((node, i) => {
      const { name, pid, rpc } = node.toRunningNode()
      return reportOf(name, pid, rpc, statuses[i]!)
    })
    this.show({ datadir: facts.datadir, overlay: facts.overlay, nodes }, flags, {
      text: () => bannerOf(nodes, facts),
      ids: () => nodes.map(({ peerId }) => peerId),
    })
  }
}

async function stayUntilStopped(testnet: Testnet, signal: AbortSignal): Promise<void> {
  const ended = await watchTestnet(testnet, writeError, signal)
  if (!ended) writeError('Stopping all nodes…')
  const failed = testnet.nodes.filter(
    node => node.endedHow !== undefined && !node.endedHow.endsWith('code 0'),
  )
  await testnet.stop()
  if (ended && failed.length > 0)
    throw new CommandFailure(EXIT.failed, 'All nodes of the testnet have ended.')
  writeError('All nodes have stopped.')
}
