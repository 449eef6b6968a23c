/** A process that sends the bytes of its first argument to whoever opens a stream, as fast as that carries them. */
import { RAW_PROTOCOL, startBareLibp2p } from './raw-stream.ts'

/** As large as the sends of a swarm session. */
const SEND_BYTES = 128 * 1024
const lengthBytes = Number(process.argv[2])
const libp2p = await startBareLibp2p()
await libp2p.handle(RAW_PROTOCOL, async stream => {
  for (let sent = 0; sent < lengthBytes; sent += SEND_BYTES) {
    if (!stream.send(new Uint8Array(SEND_BYTES))) await stream.onDrain()
  }
  await stream.close()
})
process.send!({ seeder: libp2p.getMultiaddrs().map(String) })
process.once('disconnect', () => process.exit())
