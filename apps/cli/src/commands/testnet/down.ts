import { Flags } from '@oclif/core'
import { count } from '../../format.ts'
import { OutputCommand, outputFlags } from '../../node-command.ts'
import { takeDown } from '../../testnet/down.ts'
import { readRunning, testnetDatadir } from '../../testnet/state.ts'

export class TestnetDown extends OutputCommand {
  static override summary = 'Stop all processes of the running testnet. Its data stay.'
  static override baseFlags = outputFlags
  static override flags = {
    datadir: Flags.string({ description: "The testnet's datadir. Default: the one started last." }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --datadir /tmp/net',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(TestnetDown)
    const datadir = testnetDatadir(flags.datadir)
    const testnet = readRunning(datadir)
    const stopped = testnet === undefined ? [] : await takeDown(testnet)
    this.show({ datadir, stopped }, flags, {
      text: () =>
        stopped.length === 0
          ? `No testnet is running in ${datadir}.`
          : `Stopped ${count(stopped.length, 'node')}.`,
      ids: () => stopped,
    })
  }
}
