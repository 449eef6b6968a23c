import assert from 'node:assert/strict'
import { defineMethod, type ParamSpecs, RpcDispatcher, RpcError } from '@onehop/rpc'

const CONTEXT = { signal: new AbortController().signal, wallet: undefined }

/** Calls a method that returns its own parameters. */
function echo(name: string, params: ParamSpecs) {
  const method = defineMethod({ name, summary: 'Returns its parameters.', params, handler: values => values })
  const dispatcher = new RpcDispatcher({ methods: [method] })
  return (given?: readonly unknown[] | Record<string, unknown>) => dispatcher.call(name, given, CONTEXT)
}

async function refusalOf(call: Promise<unknown>): Promise<RpcError> {
  const error = await call.then(
    () => assert.fail('the call succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof RpcError)
  return error
}

describe('parameters', () => {
  const getblock = echo('getblock', {
    blockhash: { type: 'hex', lengthBytes: 32 },
    verbosity: { type: 'verbosity', default: 1, min: 0, max: 3, aliases: ['verbose'] },
  })
  const HASH = 'AB'.repeat(32)

  it('come by position, with defaults for those left out', async () => {
    assert.deepEqual(await getblock([HASH]), { blockhash: HASH.toLowerCase(), verbosity: 1 })
    assert.deepEqual(await getblock([HASH, null]), { blockhash: HASH.toLowerCase(), verbosity: 1 })
  })

  it('come by name, by an alias, and by both with "args"', async () => {
    const expected = { blockhash: HASH.toLowerCase(), verbosity: 2 }
    assert.deepEqual(await getblock({ blockhash: HASH, verbosity: 2 }), expected)
    assert.deepEqual(await getblock({ verbose: 2, blockhash: HASH }), expected)
    assert.deepEqual(await getblock({ args: [HASH], verbosity: 2 }), expected)
  })

  it('take a boolean for a verbosity, as older clients send it', async () => {
    assert.deepEqual(await getblock([HASH, false]), { blockhash: HASH.toLowerCase(), verbosity: 0 })
  })

  it('are refused with the code and words of bitcoind', async () => {
    const cases: [unknown[] | Record<string, unknown>, number, RegExp][] = [
      [[], -1, /"blockhash" is missing; usage: getblock "blockhash" \( verbosity \)$/],
      [[HASH, 1, 2], -1, /at most 2 parameters, not 3/],
      [[5], -3, /\(blockhash\): JSON value of type number is not of expected type string$/],
      [['abc'], -8, /^blockhash must be of length 64 \(not 3, for 'abc'\)$/],
      [['zz'.repeat(32)], -8, /^blockhash must be hexadecimal string \(not 'zz/],
      [[HASH, 'x'], -3, /JSON value of type string is not of expected type number/],
      [[HASH, 9], -8, /^verbosity must be at most 3, not 9$/],
      [[HASH, 1.5], -1, /^JSON integer out of range/],
      [{ nonsense: 1 }, -8, /^Unknown named parameter nonsense$/],
      [{ blockhash: HASH, verbosity: 1, verbose: 1 }, -8, /^Parameter verbosity specified twice$/],
      [{ args: [HASH], blockhash: HASH }, -8, /^Parameter blockhash specified twice$/],
      [{ ['__proto__']: 1, blockhash: HASH, constructor: 1 }, -8, /^Unknown named parameter/],
    ]
    for (const [given, code, message] of cases) {
      const error = await refusalOf(getblock(given))
      assert.equal(error.code, code, error.message)
      assert.match(error.message, message)
    }
  })

  it('of our own methods are refused with -32602 when they are missing', async () => {
    const lookup = echo('content.lookup', { key: { type: 'string' } })
    assert.equal((await refusalOf(lookup({}))).code, -32602)
  })

  it('that are amounts arrive as satoshis, exactly', async () => {
    const send = echo('sendtoaddress', { amount: { type: 'amount' } })
    for (const [given, sats] of [
      [0.1, 10_000_000n],
      [1e-8, 1n],
      [20999999.9769, 2_099_999_997_690_000n],
      ['0.00000001', 1n],
    ] as const) {
      assert.deepEqual(await send([given]), { amount: sats })
    }
    assert.match((await refusalOf(send([1e-9]))).message, /^Invalid amount/)
    assert.match((await refusalOf(send([-1]))).message, /^Amount out of range/)
    assert.match((await refusalOf(send([21000001]))).message, /^Amount out of range/)
    assert.match((await refusalOf(send([true]))).message, /^Amount is not a number or string/)
  })
})

describe('help', () => {
  const dispatcher = new RpcDispatcher({
    methods: [
      defineMethod({ name: 'stop', category: 'Control', summary: 'Stops the node.', handler: () => null }),
      defineMethod({
        name: 'getblockhash',
        category: 'Blockchain',
        summary: 'The hash of the block at a height.',
        params: { height: { type: 'integer', description: 'The height index.' } },
        handler: () => '',
      }),
    ],
  })

  it('lists the methods by category', async () => {
    assert.equal(
      await dispatcher.call('help', [], CONTEXT),
      '== Blockchain ==\ngetblockhash height\n\n== Control ==\nhelp ( "command" )\nstop',
    )
  })

  it('describes one method', async () => {
    assert.equal(
      await dispatcher.call('help', ['getblockhash'], CONTEXT),
      'getblockhash height\n\nThe hash of the block at a height.\n\nArguments:\n1. height    (integer, required) The height index.',
    )
    assert.match((await refusalOf(dispatcher.call('help', ['foo'], CONTEXT))).message, /unknown command: foo/)
  })
})
