import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeDown } from '../src/testnet/down.ts'
import { isAlive } from '../src/testnet/processes.ts'
import { findRunningTestnet, readRunning } from '../src/testnet/state.ts'
import { isUp, statesOf } from '../src/testnet/status.ts'
import { Testnet, type TestnetOptions } from '../src/testnet/testnet.ts'
import { waitFor } from '../src/wait.ts'

const FAKE_LAUNCHER = join(import.meta.dirname, 'support/fake-node.ts')
const SUPERVISOR = join(import.meta.dirname, 'support/supervisor.ts')
const WAIT = { timeoutMs: 60_000, pollMs: 20 }
/** Time in ms that stopping may take on a machine that starts processes in no time; on others so much longer. */
const STOP_LIMIT_MS = 5_000

describe('the testnet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onehop-testnet-'))
  const homeBefore = process.env.ONEHOP_HOME
  let datadir = ''
  let running: Testnet[] = []

  before(() => {
    process.env.ONEHOP_HOME = join(folder, 'home')
  })

  beforeEach(() => {
    datadir = mkdtempSync(join(folder, 'net-'))
    running = []
  })

  afterEach(async () => {
    delete process.env.FAKE_NODE_FAILS
    delete process.env.FAKE_NODE_STUBBORN
    await Promise.all(running.map(testnet => testnet.stop(true)))
  })

  after(() => {
    if (homeBefore === undefined) delete process.env.ONEHOP_HOME
    else process.env.ONEHOP_HOME = homeBefore
    rmSync(folder, { recursive: true, force: true })
  })

  async function up(options: Partial<TestnetOptions> = {}): Promise<Testnet> {
    const testnet = await Testnet.start({
      datadir,
      nodes: 2,
      miners: 1,
      blockTimeSeconds: 0,
      firstRpcPort: 24_443,
      detach: false,
      launcher: FAKE_LAUNCHER,
      onPhase: () => undefined,
      ...options,
    })
    running.push(testnet)
    return testnet
  }

  it('starts nodes that are funded and mature, and tells other processes of them', async () => {
    const testnet = await up()
    const statuses = await testnet.statuses()
    assert.deepEqual(
      statuses.map(({ height }) => height),
      [102, 102],
    )
    assert.deepEqual(
      statuses.map(({ balanceSats }) => balanceSats),
      [101 * 5e9, 5e9],
    )
    const found = findRunningTestnet()
    assert.equal(found?.datadir, datadir)
    const states = await statesOf(found!)
    assert.deepEqual(
      states.map(({ name }) => name),
      ['node1', 'node2'],
    )
    assert.ok(states.every(isUp))
  })

  it('goes on where it was, and funds only nodes that are new', async () => {
    const first = await up()
    await first.stop()
    assert.equal(readRunning(datadir), undefined)
    const second = await up()
    assert.equal((await second.first.status()).height, 102)
    await second.stop()
    const third = await up({ nodes: 3 })
    const statuses = await third.statuses()
    assert.equal(statuses[0]?.height, 203)
    assert.equal(statuses[1]?.balanceSats, 5e9)
    assert.equal(statuses[2]?.balanceSats, 5e9)
  })

  it('runs another overlay on the same chain when it is told to, and remembers it', async () => {
    const first = await up()
    assert.equal(first.overlay, 'kelips')
    await first.stop()
    const second = await up({ overlay: 'chord', nodes: 3 })
    assert.equal(readRunning(datadir)?.overlay, 'chord')
    assert.equal((await second.first.status()).height, 203)
    await second.stop()
    const third = await up()
    const statuses = await third.statuses()
    assert.deepEqual(
      statuses.map(({ overlay }) => overlay.name),
      ['chord', 'chord'],
    )
  })

  it('refuses to run twice on one datadir', async () => {
    await up()
    await assert.rejects(up(), /A testnet is running in .* stop it with "onehop testnet down"/)
  })

  it('skips ports that are busy', async () => {
    const first = await up()
    datadir = mkdtempSync(join(folder, 'net-'))
    const second = await up()
    const ports = [...first.nodes, ...second.nodes].map(node => node.plan.rpcPort)
    assert.equal(new Set(ports).size, 4)
  })

  it('gives each node a port for other BitTorrent clients, unless there are to be none', async () => {
    const testnet = await up({ firstRpcPort: 38_543 })
    const plans = testnet.nodes.map(({ plan }) => plan)
    assert.equal(new Set(plans.flatMap(({ rpcPort, btPort }) => [rpcPort, btPort])).size, 4)
    const states = await statesOf(findRunningTestnet()!)
    assert.deepEqual(
      states.map(({ btPort }) => btPort),
      plans.map(({ btPort }) => btPort),
    )
    await testnet.stop()
    const without = await up({ firstBtPort: 0 })
    assert.deepEqual(
      without.nodes.map(({ plan }) => plan.btPort),
      [0, 0],
    )
  })

  it('stops everything when one node cannot start, and says why', async () => {
    process.env.FAKE_NODE_FAILS = 'node2'
    await assert.rejects(up(), /^CommandFailure: node2 ended with exit code 1: The datadir is in use/)
    assert.equal(readRunning(datadir), undefined)
    delete process.env.FAKE_NODE_FAILS
    await up()
  })

  it('is taken down by another process, which waits until nothing is left', async () => {
    const testnet = await up()
    const nodes = testnet.nodes.map(node => node.toRunningNode())
    const { supervisor: _, ...withoutSupervisor } = readRunning(datadir)!
    assert.deepEqual(await takeDown(withoutSupervisor), ['node1', 'node2'])
    assert.ok(nodes.every(node => !isAlive(node.pid, node.datadir)))
    assert.equal(findRunningTestnet(), undefined)
    assert.deepEqual(await takeDown(withoutSupervisor), [], 'a second time there is nothing to stop')
  })

  it('kills a node that does not stop, within five seconds', async () => {
    process.env.FAKE_NODE_STUBBORN = 'node2'
    const beganMs = performance.now()
    const testnet = await up()
    const startMs = performance.now() - beganMs
    await testnet.stop()
    assert.ok(performance.now() - beganMs - startMs < STOP_LIMIT_MS + startMs)
    assert.ok(testnet.nodes.every(node => !node.isRunning()))
  })

  it('never takes another process for one of its nodes', () => {
    assert.equal(isAlive(process.pid, join(folder, 'net-x', 'node1')), false)
    assert.equal(isAlive(0, ''), false)
  })

  it('leaves no node behind when its supervisor is killed', async () => {
    const supervisor = spawn(process.execPath, [...process.execArgv, SUPERVISOR, datadir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise(resolve => supervisor.stdout.once('data', resolve))
    const { nodes } = readRunning(datadir)!
    assert.ok(nodes.every(node => isAlive(node.pid, node.datadir)))
    supervisor.kill('SIGKILL')
    const gone = () => nodes.every(node => !isAlive(node.pid, node.datadir)) || undefined
    await waitFor('The nodes live on', gone, WAIT)
  })

  it('restarts a node that was killed', async () => {
    const testnet = await up()
    const node = testnet.nodes[1]!
    await node.kill()
    assert.match(node.endedHow ?? '', /SIGKILL/)
    assert.deepEqual((await statesOf(readRunning(datadir)!)).map(isUp), [true, false])
    await testnet.restart(node)
    assert.equal((await node.status()).name, 'node2')
    assert.ok(existsSync(join(datadir, 'running.json')))
  })
})
