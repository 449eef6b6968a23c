import assert from 'node:assert/strict'
import {
  blockHashToHex,
  blockSubsidy,
  type ChainParameters,
  COIN,
  CoinsCache,
  checkProofOfWork,
  connectBlock,
  consensusFlags,
  difficultyInterval,
  FLAG,
  HeaderTree,
  hexToBlockHash,
  knownParametersOf,
  MAINNET,
  NETWORK_NAMES,
  ONEHOP,
  parametersOf,
  REGTEST,
  SIGNET,
  TESTNET3,
  TESTNET4,
} from '@onehop/ledger'
import { codeOf, mine, RegtestChain } from './regtest-chain.ts'

const GENESIS: readonly (readonly [ChainParameters, string])[] = [
  [MAINNET, '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'],
  [TESTNET3, '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943'],
  [TESTNET4, '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043'],
  [SIGNET, '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6'],
  [ONEHOP, '000000b3a941addbb93ecebe0cdc5cfeb1f208d1ddecfdfd42a532a870f35b23'],
  [REGTEST, '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206'],
]

describe('the networks of Bitcoin', () => {
  it('start with their blocks, which have the work that they state', () => {
    for (const [{ genesis, powLimit }, hash] of GENESIS) {
      assert.equal(blockHashToHex(genesis.hash), hash)
      assert.deepEqual(checkProofOfWork(genesis.hash, genesis.header.bits, powLimit), true)
    }
  })

  it('are known by name, of which a node runs regtest and our own', () => {
    for (const [parameters] of GENESIS) assert.equal(knownParametersOf(parameters.name), parameters)
    assert.equal(knownParametersOf('testnet5'), undefined)
    assert.deepEqual(
      GENESIS.filter(([{ name }]) => parametersOf(name) !== undefined).map(([{ name }]) => name),
      ['onehop', 'regtest'],
    )
    assert.deepEqual(
      NETWORK_NAMES.map(name => parametersOf(name)?.name),
      ['regtest', 'onehop'],
    )
  })

  it('change their difficulty every 2,016 blocks, and halve the subsidy every 210,000', () => {
    for (const parameters of [MAINNET, TESTNET3, TESTNET4, SIGNET]) {
      assert.equal(difficultyInterval(parameters), 2_016)
      assert.equal(blockSubsidy(209_999, parameters), 50n * COIN)
      assert.equal(blockSubsidy(210_000, parameters), 25n * COIN)
    }
  })

  it('have a tree of headers each', () => {
    for (const [parameters, hash] of GENESIS) {
      assert.equal(blockHashToHex(new HeaderTree(parameters).best.hash), hash)
    }
  })
})

describe('blocks that are excepted from a rule', () => {
  it('obey fewer soft forks', () => {
    const flagsOf = (hash: string, height: number) =>
      consensusFlags({ height, hash: hexToBlockHash(hash) }, MAINNET)
    const beforeP2sh = flagsOf('00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22', 170_060)
    assert.equal(beforeP2sh, 0)
    const later = flagsOf('0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad', 692_261)
    assert.equal(later & FLAG.TAPROOT, 0)
    assert.notEqual(later & FLAG.NULLDUMMY, 0)
    assert.notEqual(flagsOf('00'.repeat(32), 1) & FLAG.TAPROOT, 0)
  })

  it('may repeat a coinbase that is not spent', () => {
    const chain = new RegtestChain()
    const block = mine(chain.blockOf([]))
    const added = chain.tree.add(block.header, chain.nowSeconds)
    assert.ok(added.ok)
    const connect = (parameters: ChainParameters) => {
      const coins = new CoinsCache(chain.view)
      coins.addOutputs(block.transactions[0]!, 1)
      return codeOf(connectBlock(block, { node: added.value, coins, parameters }))
    }
    const parameters = { ...REGTEST, bip34Height: 1_000 }
    assert.equal(connect(parameters), 'bad-txns-BIP30')
    assert.equal(connect({ ...parameters, bip30Exceptions: new Set([blockHashToHex(block.hash)]) }), 'OK')
  })
})
