import { Command, Flags } from '@oclif/core'
import type { RpcClient } from '@onehop/rpc'
import { Interrupted } from './failure.ts'
import { onInterrupt } from './interruption.ts'
import { writeJson, writeLine } from './output.ts'
import { connectToNode, type TargetFlags } from './target.ts'

const GROUP = 'GLOBAL'

/** Flags of commands that show a result. */
export const outputFlags = {
  json: Flags.boolean({ description: 'Print the result as JSON.', helpGroup: GROUP }),
  quiet: Flags.boolean({ char: 'q', description: 'Print ids only, one a line.', helpGroup: GROUP }),
}

/** Flags of commands that ask a node. */
const nodeFlags = {
  ...outputFlags,
  node: Flags.string({
    description: 'Ask this node of the running testnet: its number or name.',
    helpGroup: GROUP,
    helpValue: 'N',
  }),
  rpc: Flags.string({ description: 'Ask the node at this URL.', helpGroup: GROUP, helpValue: 'URL' }),
  datadir: Flags.string({
    description: 'Ask the node of this datadir (with --node: of this testnet).',
    helpGroup: GROUP,
    helpValue: 'DIR',
  }),
}

/** How a result is shown. */
export interface View {
  /** For people. */
  readonly text: () => string
  /** What `-q` prints. */
  readonly ids: () => readonly string[]
}

/** A command that shows a result in one of three ways. */
export abstract class OutputCommand extends Command {
  /** Errors are told in one place, by `main`. */
  protected override async catch(error: unknown): Promise<never> {
    throw error
  }

  /** Prints the result: the whole of it as JSON, its ids, or a text. */
  protected show(result: unknown, flags: { json: boolean; quiet: boolean }, { text, ids }: View): void {
    if (flags.json) writeJson(result)
    else if (flags.quiet) for (const id of ids()) writeLine(id)
    else writeLine(text())
  }
}

/** A command that asks a node. */
export abstract class NodeCommand extends OutputCommand {
  static override baseFlags = nodeFlags
  private readonly interruption = new AbortController()

  /** Aborted by Ctrl-C. */
  protected get signal(): AbortSignal {
    return this.interruption.signal
  }

  protected override async init(): Promise<void> {
    await super.init()
    onInterrupt(() => this.interruption.abort(new Interrupted()))
  }

  protected connect(flags: TargetFlags): RpcClient {
    return connectToNode(flags)
  }
}
