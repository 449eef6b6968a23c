import { EventEmitter } from 'node:events'
import { BitcoinAmount, defineMethod, RpcError } from '@onehop/rpc'
import { RpcNode } from './rpc-node.ts'

export const HASH = 'ab'.repeat(32)
export const TXID = 'cd'.repeat(32)

const ANYTHING = { a: { type: 'any', optional: true }, b: { type: 'any', optional: true } } as const

/** Stands in for a node that answers a little of everything. */
export interface CommonNode {
  readonly node: RpcNode
  /** What payments and blocks were asked for. */
  readonly calls: unknown[]
  /** Says `call` when the call that never ends has arrived. */
  readonly onHanging: EventEmitter
}

export async function startCommonNode(): Promise<CommonNode> {
  const parts = { calls: [], onHanging: new EventEmitter() }
  return { ...parts, node: await RpcNode.start({ methods: methodsOf(parts) }) }
}

function methodsOf({ calls, onHanging }: Pick<CommonNode, 'calls' | 'onHanging'>) {
  return [
    defineMethod({ name: 'wallet.address', summary: '', handler: () => 'bcrt1qown' }),
    defineMethod({
      name: 'wallet.send',
      summary: '',
      params: {
        address: { type: 'string' },
        amountSats: { type: 'integer' },
        feeRate: { type: 'number', optional: true },
      },
      handler: values => {
        calls.push(values)
        if (values.amountSats > 5e9) throw new RpcError(-6, 'Insufficient funds')
        return { txid: TXID, feeSats: 141 }
      },
    }),
    defineMethod({
      name: 'generatetoaddress',
      summary: '',
      params: { nblocks: { type: 'integer' }, address: { type: 'string' } },
      handler: values => {
        calls.push(values)
        return Array.from({ length: values.nblocks }, () => HASH)
      },
    }),
    defineMethod({ name: 'getblockcount', summary: '', handler: () => 5 }),
    defineMethod({ name: 'getbalance', summary: '', handler: () => new BitcoinAmount(50_000_000n) }),
    defineMethod({
      name: 'echo',
      summary: '',
      params: ANYTHING,
      handler: values => values,
    }),
    defineMethod({
      name: 'content.publish',
      summary: '',
      params: {
        paths: { type: 'array' },
        words: { type: 'string', optional: true },
        nameWords: { type: 'boolean', default: true },
      },
      handler: ({ paths, words, nameWords }) =>
        paths.map(path => ({
          key: 'bahkey',
          name: 'a.bin',
          path,
          bytes: 3,
          pieces: 1,
          magnet: 'magnet:?xt=urn:btih:00',
          words: [...(words?.split(' ') ?? []), ...(nameWords ? ['bin'] : [])],
          acknowledgements: 2,
        })),
    }),
    defineMethod({
      name: 'content.lookup',
      summary: '',
      params: { key: { type: 'string' } },
      handler: ({ key }) => {
        if (key === 'slow') throw new RpcError(-41, 'Nobody answered for slow within 10 s.')
        if (key !== 'known') throw new RpcError(-40, `Nobody provides ${key}.`)
        const providers = [
          { peerId: '12D3KooWa', addresses: ['/ip4/127.0.0.1/tcp/1'], expiresAt: 1_700_000_000 },
        ]
        return { key: 'bahkey', providers, hops: 1, messages: 2, attempts: 1, elapsedMs: 3 }
      },
    }),
    defineMethod({
      name: 'overlay.inspect',
      summary: '',
      handler: () => ({
        k: 4,
        backgroundBytesPerSecond: 1234.5678,
        view: [
          { peerId: '12D3KooWa', suspect: false },
          { peerId: '12D3KooWb', rttMs: 1.25, suspect: true },
        ],
        contacts: [],
        traffic: { bytesSent: 17 },
      }),
    }),
    defineMethod({
      name: 'content.search',
      summary: '',
      params: { words: { type: 'array' }, limit: { type: 'integer', default: 20 } },
      handler: ({ words, limit }) => {
        if (words.includes('--')) throw new RpcError(-32602, 'Cannot search: a word is needed.')
        if (words.includes('unknown'))
          throw new RpcError(-40, 'Nobody provides content with the word "unknown".')
        const results = [
          { key: 'bahfirst', name: 'Holi\u001bday.jpg', bytes: 2048, providers: 2, words },
          { key: 'bahsecond', providers: 1, words },
        ]
        const cost = { hops: 1, messages: 2, attempts: 1, elapsedMs: 3 }
        return { words, results: results.slice(0, limit), ...cost }
      },
    }),
    defineMethod({
      name: 'content.fetch',
      summary: '',
      params: { key: { type: 'string' }, output: { type: 'string' } },
      handler: ({ key, output }, { signal }) => {
        if (key === 'bad') throw new RpcError(-42, 'The data do not match the key.')
        if (key === 'hangs') {
          onHanging.emit('call')
          return new Promise(done => signal.addEventListener('abort', () => done(null)))
        }
        return { key, path: output, bytes: 3, pieces: 1, providers: ['12D3KooWa'], elapsedMs: 5 }
      },
    }),
    refuse('sendrawtransaction', -26, 'insufficient fee'),
    refuse('getblockhash', -8, 'Block height out of range'),
    refuse('getblock', -5, 'Block not found'),
    refuse('getrawtransaction', -5, 'No such mempool transaction.'),
  ]
}

function refuse(name: string, code: number, message: string) {
  return defineMethod({
    name,
    summary: 'Refuses.',
    params: ANYTHING,
    handler: () => {
      throw new RpcError(code, message)
    },
  })
}
