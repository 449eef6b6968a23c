import {
  addressToScript,
  decodePrivateKey,
  descriptorChecksum,
  descriptorScripts,
  encodePrivateKey,
  inferDescriptor,
  REGTEST,
  scriptToAddress,
  scriptToAsm,
  scriptType,
  withChecksum,
} from '@onehop/ledger'
import { parseContentReference } from '@onehop/overlay'
import {
  bytesToHex,
  decodeBase32,
  decodeBase58,
  decodeBase58Check,
  decodeSegwitAddress,
  encodeBase32,
  encodeBase58,
  encodeBase58Check,
  encodeSegwitAddress,
  hexToBytes,
  type Result,
  utf8Decode,
  utf8Encode,
} from '@onehop/primitives'
import { formatMagnet, parseMagnet } from '@onehop/swarm'
import { attempt, DECODER_LIMIT, Finding, requireEqual, requireVerdict, type Target } from '../target.ts'
import { FUZZ_KEY, SCRIPTS } from './corpus.ts'

/** A reader of text; the bytes are characters, most of them valid UTF-8, or else Latin-1. */
function textTarget(name: string, seeds: readonly string[], run: (text: string) => void): Target {
  return {
    name,
    seeds: seeds.map(utf8Encode),
    // Base58 is quadratic; its texts are short, and longer ones must be refused.
    limit: DECODER_LIMIT,
    run: input => run(attempt(() => utf8Decode(input)) ?? Buffer.from(input).toString('latin1')),
  }
}

/** What is decoded must come back from its encoding. */
function roundTrip<T>(decode: (text: string) => T, encode: (value: T) => string): (text: string) => void {
  return text => {
    const value = attempt(() => decode(text))
    if (value === undefined) return
    const again = encode(value)
    if (encode(decode(again)) !== again) throw new Finding(`the text changes when it is decoded: ${again}`)
  }
}

function resultOf<T>(result: Result<T>): T | undefined {
  requireVerdict(result)
  return result.ok ? result.value : undefined
}

const ADDRESSES = SCRIPTS.map(script => scriptToAddress(script, REGTEST)).filter(
  address => address !== undefined,
)
const WIF = encodePrivateKey({ privateKey: FUZZ_KEY.privateKey, compressed: true }, REGTEST)
const KEY = bytesToHex(FUZZ_KEY.publicKey)
const DESCRIPTORS = [
  `pkh(${KEY})`,
  `wpkh(${KEY})`,
  `sh(wpkh(${KEY}))`,
  `tr(${KEY.slice(2)})`,
  `combo(${KEY})`,
  `addr(${ADDRESSES[0]})`,
  'raw(51)',
  `wsh(multi(1,${KEY},${KEY}))`,
].flatMap(descriptor => [descriptor, withChecksum(descriptor)])

function encodingTargets(): Target[] {
  const bytes = hexToBytes('00112233445566778899aabbccddeeff')
  return [
    textTarget('base58', [encodeBase58(bytes), '1111'], roundTrip(decodeBase58, encodeBase58)),
    textTarget('base58check', ADDRESSES.slice(0, 1), roundTrip(decodeBase58Check, encodeBase58Check)),
    textTarget('base32', [encodeBase32(bytes)], roundTrip(decodeBase32, encodeBase32)),
    textTarget('segwit-address', ADDRESSES.slice(1), roundTrip(decodeSegwitAddress, encodeSegwitAddress)),
  ]
}

function walletTextTargets(): Target[] {
  return [
    textTarget('address', ADDRESSES, text => {
      const script = resultOf(addressToScript(text, REGTEST))
      if (script === undefined) return
      const address = scriptToAddress(script, REGTEST)
      if (address === undefined) throw new Finding('a script of an address has no address')
      requireEqual(script, resultOf(addressToScript(address, REGTEST)) ?? new Uint8Array(0), 'another script')
    }),
    textTarget('private-key', [WIF], text => {
      const key = resultOf(decodePrivateKey(text, REGTEST))
      if (key !== undefined && encodePrivateKey(key, REGTEST) !== text) throw new Finding('another text')
    }),
    textTarget('descriptor', DESCRIPTORS, text => {
      descriptorChecksum(text)
      for (const script of resultOf(descriptorScripts(text, REGTEST)) ?? []) inferDescriptor(script, REGTEST)
    }),
  ]
}

function contentTextTargets(): Target[] {
  const infohash = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
  const magnet = `magnet:?xt=urn:btih:${infohash}&dn=a%20song.mp3&xl=5000`
  const rich = `${magnet}&xt=urn:btmh:1220${infohash}${'0'.repeat(24)}&tr=udp%3A%2F%2Ft%3A1&x.pe=[::1]:7&so=0,2-4`
  return [
    textTarget(
      'magnet',
      [magnet, rich, magnet.toUpperCase(), `magnet:?xt=urn:btih:${encodeBase32(hexToBytes(infohash))}`],
      text => {
        const parsed = resultOf(parseMagnet(text))
        if (parsed === undefined) return
        const formatted = formatMagnet(parsed)
        const again = resultOf(parseMagnet(formatted))
        if (again === undefined || formatMagnet(again) !== formatted)
          throw new Finding(`the link changes: ${formatted}`)
      },
    ),
    textTarget('content-reference', [magnet, infohash, `bafyb4iarf7q4a25`, 'song.mp3'], text => {
      resultOf(parseContentReference(text))
    }),
  ]
}

/** A script as people see it: nothing is refused. */
function scriptTextTarget(): Target {
  return {
    name: 'script-text',
    seeds: SCRIPTS,
    run: input => {
      scriptToAsm(input)
      scriptType(input)
      scriptToAddress(input, REGTEST)
      inferDescriptor(input, REGTEST)
    },
  }
}

/** Everything that reads text. */
export function textTargets(): Target[] {
  return [...encodingTargets(), ...walletTextTargets(), ...contentTextTargets(), scriptTextTarget()]
}
