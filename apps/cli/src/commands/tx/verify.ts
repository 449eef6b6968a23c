import { Args, Flags } from '@oclif/core'
import type { LightPayment } from '@onehop/node'
import { describeRejection } from '@onehop/primitives'
import { parseBitcoins, wholeNumber } from '../../arguments.ts'
import { EXIT } from '../../exit-codes.ts'
import { CommandFailure, UsageFailure } from '../../failure.ts'
import { bitcoins, count, fields } from '../../format.ts'
import { NodeCommand } from '../../node-command.ts'

/** Confirmations that can be asked for: as many as there are blocks. */
const MAX_CONFIRMATIONS = 1_000_000_000

export class TxVerify extends NodeCommand {
  static override summary = 'Check a proof of a payment by block headers alone, as a light client does.'
  static override description =
    'The node is asked for headers only, and each is checked for its proof of work: it can withhold the best chain, but it cannot make a payment up. That holds as far as the work of the network that you name goes; on regtest, anybody makes blocks.'
  static override args = {
    PROOF: Args.string({ description: 'What "tx prove" printed.', required: true }),
  }
  static override flags = {
    network: Flags.string({ description: 'Name of the chain.', default: 'regtest' }),
    confirmations: Flags.custom<number>({
      description: 'How many blocks must confirm it, its own included.',
      default: 1,
      helpValue: 'N',
      parse: wholeNumber('--confirmations', { min: 1, max: MAX_CONFIRMATIONS }),
    })(),
    to: Flags.string({ description: 'Address that must be paid.', helpValue: 'ADDRESS' }),
    amount: Flags.custom<bigint>({
      description: 'Bitcoins that the address must get at least.',
      helpValue: 'BTC',
      dependsOn: ['to'],
      parse: async text => parseBitcoins(text),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> "$(cat payment.proof)"',
    '<%= config.bin %> <%= command.id %> "$(cat payment.proof)" --to bcrt1q… --amount 0.5 --confirmations 6 --node 2',
  ]

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TxVerify)
    const proof = args.PROOF.trim()
    if (!/^([0-9a-fA-F]{2})+$/.test(proof))
      throw new UsageFailure('PROOF must be an even number of hex digits.')
    const { network, confirmations, amount = 1n } = flags
    // Here and not above: it brings the store along, and the other commands start without.
    const { payeeAddress, verifyPaymentByHeaders } = await import('@onehop/node')
    const to = flags.to === undefined ? undefined : payeeAddress(flags.to, network)
    const client = this.connect(flags)
    const result = await verifyPaymentByHeaders({ client, network, proof, signal: this.signal })
    if (!result.ok) {
      throw new CommandFailure(EXIT.verificationFailed, `The proof is refused: ${describeRejection(result)}.`)
    }
    const payment = result.value
    checkDepth(payment, confirmations)
    if (to !== undefined) checkReceipt(payment, to, amount)
    this.show(shown(payment), flags, { text: () => describe(payment), ids: () => [payment.txid] })
  }
}

function checkDepth({ confirmations, txid }: LightPayment, wanted: number): void {
  if (confirmations >= wanted) return
  const found =
    confirmations === 0
      ? 'in a block that is not in the best chain'
      : `confirmed by ${count(confirmations, 'block')}, not by ${wanted}`
  throw new CommandFailure(EXIT.verificationFailed, `The transaction ${txid} is ${found}.`)
}

function checkReceipt({ outputs, txid }: LightPayment, to: string, amount: bigint): void {
  const paid = outputs.filter(({ address }) => address === to).reduce((sum, { sats }) => sum + sats, 0n)
  if (paid >= amount) return
  const found = paid === 0n ? 'nothing' : `${bitcoins(paid)}, not ${bitcoins(amount)},`
  throw new CommandFailure(EXIT.verificationFailed, `The transaction ${txid} pays ${found} to ${to}.`)
}

function shown({ outputs, ...payment }: LightPayment) {
  return { ...payment, outputs: outputs.map(({ address, sats }) => ({ address, sats: Number(sats) })) }
}

function describe({ txid, confirmations, height, tipHeight, outputs }: LightPayment): string {
  return [
    fields({
      transaction: txid,
      confirmations: `${confirmations}, proven by ${count(tipHeight, 'header')}`,
      block: `height ${height}`,
    }),
    '',
    ...outputs.map(({ address, sats }, n) => `pays    ${n}: ${bitcoins(sats)} to ${address ?? 'a script'}`),
  ].join('\n')
}
