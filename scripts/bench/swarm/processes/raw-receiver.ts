/** A process that counts what a stream brings, up to the bytes of its first argument. */
import { multiaddr } from '@multiformats/multiaddr'
import { report, toldOfSeeders } from './leecher-report.ts'
import { RAW_PROTOCOL, startBareLibp2p } from './raw-stream.ts'

const lengthBytes = Number(process.argv[2])
const libp2p = await startBareLibp2p()
const [addresses] = await toldOfSeeders<string[]>()
await report(async () => {
  const stream = await libp2p.dialProtocol(addresses!.map(multiaddr), RAW_PROTOCOL)
  let received = 0
  for await (const bytes of stream) {
    received += bytes.byteLength
    if (received >= lengthBytes) break
  }
})
