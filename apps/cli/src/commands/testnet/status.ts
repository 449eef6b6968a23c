import { Flags } from '@oclif/core'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure } from '../../failure.ts'
import { bitcoins, style, table } from '../../format.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import type { NodeReport } from '../../testnet/banner.ts'
import { findRunningTestnet, testnetDatadir } from '../../testnet/state.ts'
import { isUp, type NodeState, statesOf } from '../../testnet/status.ts'

export class TestnetStatus extends OutputCommand {
  static override summary = 'Show the nodes of the running testnet.'
  static override baseFlags = outputFlags
  static override flags = {
    datadir: Flags.string({ description: "The testnet's datadir. Default: the one started last." }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
    '<%= config.bin %> <%= command.id %> --datadir /tmp/net',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(TestnetStatus)
    const testnet = findRunningTestnet(flags.datadir)
    if (testnet === undefined) {
      throw new CommandFailure(
        EXIT.unreachable,
        `No testnet is running in ${testnetDatadir(flags.datadir)}; start it with "onehop testnet up".`,
      )
    }
    const nodes = await statesOf(testnet)
    const { overlay } = testnet
    this.show({ overlay, nodes }, flags, {
      text: () => `${describe(nodes)}\n\n${style('dim', 'overlay')}  ${overlay}`,
      ids: () => nodes.map(({ name }) => String(name)),
    })
  }
}

function describe(nodes: readonly NodeState[]): string {
  const rows = nodes.map(node => (isUp(node) ? rowOf(node) : downRow(node)))
  return table(['node', 'pid', 'RPC', 'BitTorrent', 'height', 'peers', 'balance', 'tip'], rows)
}

function rowOf(node: NodeReport): string[] {
  const { name, pid, rpc, btPort, height, peers, balanceSats, bestBlock } = node
  const tip = `…${bestBlock.slice(-8)}`
  const port = btPort === 0 ? 'off' : String(btPort)
  return [name, String(pid), rpc, port, String(height), String(peers), bitcoins(balanceSats), tip]
}

function downRow({ name, pid, rpc }: NodeState): string[] {
  return [String(name), String(pid), String(rpc), style('red', 'down')]
}
