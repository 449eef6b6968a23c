import { Args } from '@oclif/core'
import { formatJson, parseJsonExactly, RPC_CODE, RpcError } from '@onehop/rpc'
import { NodeCommand } from '../node-command.ts'

export class Rpc extends NodeCommand {
  static override summary = "Call any method of the node's RPC."
  static override description =
    'Each parameter that is JSON is sent as such, anything else as text. NAME=VALUE parameters are sent by name.\n' +
    'Flags of this command stand before METHOD, or after "--" nothing is a flag. "help" lists the methods.'
  static override strict = false
  static override usage = '<%= command.id %> METHOD [PARAMS...]'
  static override args = {
    METHOD: Args.string({ description: 'Name of the method, such as getblockcount.', required: true }),
    PARAMS: Args.string({ description: 'Its parameters.', multiple: true }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> getblockchaininfo',
    '<%= config.bin %> <%= command.id %> getblockhash 100 --node 2',
    '<%= config.bin %> <%= command.id %> content.lookup key=film.mp4',
    '<%= config.bin %> <%= command.id %> help',
  ]

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Rpc)
    const [method, ...words] = argv as string[]
    const options = { signal: this.signal, timeoutMs: 0, exactNumbers: true }
    const result = await this.connect(flags)
      .call(method!, paramsOf(words), options)
      .catch((error: unknown) => {
        throw tellUnknownMethod(error, method!)
      })
    this.show(result, flags, { text: () => textOf(result), ids: () => [textOf(result)] })
  }
}

function tellUnknownMethod(error: unknown, method: string): unknown {
  if (!(error instanceof RpcError) || error.code !== RPC_CODE.methodNotFound) return error
  return new RpcError(error.code, `Method not found: "${method}"; "onehop rpc help" lists those there are.`)
}

/** Named when every word is NAME=VALUE, else by position. */
function paramsOf(words: readonly string[]): readonly unknown[] | Record<string, unknown> {
  const named = words.map(word => /^([a-z]\w*)=(.*)$/is.exec(word))
  if (words.length === 0 || named.includes(null)) return words.map(parseWord)
  return Object.fromEntries(named.map(match => [match![1]!, parseWord(match![2]!)]))
}

function parseWord(word: string): unknown {
  try {
    return parseJsonExactly(word)
  } catch {
    return word
  }
}

function textOf(result: unknown): string {
  return typeof result === 'string' ? result : formatJson(result)
}
