import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp } from '@libp2p/tcp'
import { MAX_STREAM_WINDOW_BYTES } from '@onehop/network'
import { createLibp2p } from 'libp2p'

/** Carries bytes that nobody looks at. */
export const RAW_PROTOCOL = '/onehop-bench/raw/1'

/** libp2p with the encrypter, the muxer and the window that our nodes have, and nothing else. */
export function startBareLibp2p() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES } })],
  })
}
