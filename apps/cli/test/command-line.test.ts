import assert from 'node:assert/strict'
import { join } from 'node:path'
import { listCommands, readCommandLine } from '../src/command-line.ts'
import { UsageFailure } from '../src/failure.ts'

const COMMANDS = listCommands(join(import.meta.dirname, '../src/commands'))

function read(line: string) {
  const { argv, command } = readCommandLine(line.split(' '), COMMANDS)
  return { argv: argv.join(' '), command: command?.words.join(' ') }
}

describe('the command line', () => {
  it('has every command of the interface', () => {
    const names = COMMANDS.map(({ words }) => words.join(' ')).sort()
    assert.deepEqual(names, [
      'chain block',
      'chain info',
      'chain tx',
      'compare',
      'content files',
      'content limit',
      'content list',
      'content move',
      'content pause',
      'content recheck',
      'content remove',
      'content rename',
      'content resume',
      'content show',
      'content torrent',
      'demo',
      'fetch',
      'lookup',
      'mine',
      'overlay',
      'peers',
      'peers connect',
      'publish',
      'rpc',
      'search',
      'simulate fidelity',
      'simulate kelips',
      'simulate list',
      'simulate swarm',
      'start',
      'status',
      'testnet down',
      'testnet status',
      'testnet up',
      'tracker',
      'tx prove',
      'tx send',
      'tx verify',
      'unpublish',
      'wallet address',
      'wallet balance',
      'wallet send',
    ])
  })

  it('finds the command that has most of the words', () => {
    assert.equal(read('peers').command, 'peers')
    assert.equal(read('peers connect /ip4/1.2.3.4').command, 'peers connect')
    assert.equal(read('chain block 5').command, 'chain block')
    assert.equal(read('rpc getblock abc').command, 'rpc')
  })

  it('takes global flags before the command', () => {
    assert.equal(read('--node 2 --json chain block 5').argv, 'chain block 5 --node 2 --json')
    assert.equal(read('--rpc=18443 status -q').argv, 'status --rpc=18443 -q')
  })

  it('takes help as a command', () => {
    assert.deepEqual(read('help chain info'), { argv: 'chain info --help', command: 'chain info' })
  })

  it('leaves topics to the help', () => {
    assert.equal(read('chain').command, undefined)
    assert.equal(read('--help').command, undefined)
  })

  it('suggests the nearest command for one that does not exist', () => {
    const cases: [string, RegExp][] = [
      ['statsu', /did you mean "onehop status"\?$/],
      ['chian info', /did you mean "onehop chain info"\?$/],
      ['wallet blance --json', /no command "onehop wallet blance"; did you mean "onehop wallet balance"\?$/],
      ['fech film.mp4', /did you mean "onehop fetch"\?$/],
      ['chain frobnicate', /see "onehop chain --help"\.$/],
      ['frobnicate', /see "onehop --help"\.$/],
    ]
    for (const [line, message] of cases) {
      assert.throws(
        () => read(line),
        (error: unknown) => error instanceof UsageFailure && message.test(error.message),
        line,
      )
    }
  })
})
