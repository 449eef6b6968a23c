import { RPC_CODE, RpcError } from './errors.ts'
import { serializeJson } from './json.ts'
import { defineMethod, type RpcMethod } from './method.ts'
import { type ParamSpec, usageOf } from './params.ts'

/** The `help` method over the others: without a name the list by category, with one that method's description. */
export function helpMethod(methods: () => Iterable<RpcMethod>): RpcMethod {
  return defineMethod({
    name: 'help',
    category: 'Control',
    summary: 'List all commands, or get help for one command.',
    params: { command: { type: 'string', optional: true, description: 'The command to get help on.' } },
    availableInWarmUp: true,
    handler: ({ command }) => {
      const all = [...methods()]
      if (command === undefined) return listMethods(all)
      const method = all.find(({ name }) => name === command)
      if (method === undefined) {
        throw new RpcError(RPC_CODE.miscError, `help: unknown command: ${command}`)
      }
      return describeMethod(method)
    },
  })
}

function listMethods(methods: readonly RpcMethod[]): string {
  const categories = [...new Set(methods.map(({ category }) => category))].sort()
  return categories
    .map(heading => `== ${heading} ==\n${usageLines(methods.filter(({ category }) => category === heading))}`)
    .join('\n\n')
}

function usageLines(methods: readonly RpcMethod[]): string {
  return methods
    .map(({ name, params }) => usageOf(name, params))
    .sort()
    .join('\n')
}

function describeMethod({ name, summary, params }: RpcMethod): string {
  const lines = [usageOf(name, params), '', summary]
  const described = Object.entries(params)
  if (described.length > 0) lines.push('', 'Arguments:')
  described.forEach(([param, spec], i) => {
    lines.push(`${i + 1}. ${param}    (${describeSpec(spec)}) ${spec.description ?? ''}`.trimEnd())
  })
  return lines.join('\n')
}

function describeSpec(spec: ParamSpec): string {
  if (spec.default !== undefined) return `${spec.type}, optional, default=${serializeJson(spec.default)}`
  return `${spec.type}, ${spec.optional ? 'optional' : 'required'}`
}
