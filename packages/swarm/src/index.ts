export * from './address-scope.ts'
export * from './bandwidth/bandwidth-limit.ts'
export * from './bandwidth/rate-meter.ts'
export * from './bitfield.ts'
export * from './choke/choker.ts'
export * from './choke/proportional-share-choker.ts'
export { TitForTatChoker } from './choke/tit-for-tat-choker.ts'
export * from './download/file-priorities.ts'
export * from './download/piece-picker.ts'
export type { ReadAhead } from './download/read-ahead.ts'
export {
  type ExtensionHandshake,
  encodeExtensionHandshake,
  OUR_UT_METADATA_ID,
  OUR_UT_PEX_ID,
  type OurExtensions,
  parseExtensionHandshake,
} from './extensions/extension-handshake.ts'
export * from './extensions/metadata-message.ts'
export * from './extensions/pex-message.ts'
export * from './hashes/hash-exchange.ts'
export type { HashEnvironment, HashPeer } from './hashes/hash-fetch.ts'
export * from './limits.ts'
export { canonicalSet } from './machine/allowed-fast.ts'
export type { NewPeer, PeerKey } from './machine/peer-state.ts'
export * from './machine/torrent-environment.ts'
export * from './machine/torrent-machine.ts'
export type { PeerSnapshot } from './machine/torrent-snapshot.ts'
export type { TransferLimits } from './machine/transfer-limits.ts'
export {
  type Bencoded,
  type BencodedDictionary,
  decodeBencode,
  decodeBencodePrefix,
  encodeBencode,
  expectBytes,
  expectDictionary,
  expectInteger,
  expectList,
} from './metainfo/bencode.ts'
export * from './metainfo/create-info.ts'
export * from './metainfo/file-name.ts'
export * from './metainfo/infohash.ts'
export * from './metainfo/limits.ts'
export * from './metainfo/magnet.ts'
export {
  hashBlocks,
  hashOf,
  isProven,
  merkleRoot,
  nextPowerOfTwo,
  paddingHash,
  rootOfPieceLayer,
} from './metainfo/merkle.ts'
export { infoKnownAs, isInfohashOf, isInfoOf, parseInfo } from './metainfo/parse-info.ts'
export * from './metainfo/piece-check.ts'
export { PieceLayers } from './metainfo/piece-layers.ts'
export * from './metainfo/torrent-file.ts'
export * from './metainfo/torrent-info.ts'
export * from './peer-address.ts'
export * from './tracker/announce.ts'
export * from './tracker/http-announce.ts'
export * from './tracker/http-tracker.ts'
export * from './tracker/limits.ts'
export * from './tracker/local-message.ts'
export * from './tracker/local-schedule.ts'
export * from './tracker/tracker-registry.ts'
export * from './tracker/tracker-tier.ts'
export * from './tracker/tracker-tiers.ts'
export * from './tracker/udp-exchange.ts'
export * from './tracker/udp-packets.ts'
export * from './tracker/udp-tracker.ts'
export * from './wire/handshake.ts'
export * from './wire/wire-connection.ts'
export * from './wire/wire-decoder.ts'
export {
  type BlockRange,
  encodedMessageLength,
  encodeMessage,
  type HashRange,
  type WholeMessage,
  type WireMessage,
  writeMessage,
} from './wire/wire-messages.ts'
