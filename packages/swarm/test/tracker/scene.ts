import { type AnnounceRequest, toInfoHash } from '@onehop/swarm'

export const INFO_HASH = toInfoHash(new Uint8Array(20).fill(0xab))

/** An announce of a peer that is told by its port. */
export function announceOf(port: number, changes: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    infohash: INFO_HASH,
    peerId: new Uint8Array(20).fill(port & 0xff),
    port,
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 100,
    peersWanted: 50,
    key: 7,
    ...changes,
  }
}
