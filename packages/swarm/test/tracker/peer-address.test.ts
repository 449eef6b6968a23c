import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { DecodeError } from '@onehop/primitives'
import {
  addressScope,
  decodeCompactPeers,
  encodeCompactPeers,
  formatIpAddress,
  formatPeerAddress,
  parseIpAddress,
} from '@onehop/swarm'
import fc from 'fast-check'

describe('addresses of peers', () => {
  it('reads an IP address exactly where Node does, but for zones', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/))
    fc.assert(
      fc.property(address, text => assert.equal(parseIpAddress(text) !== undefined, isIP(text) !== 0, text)),
    )
  })

  it('writes IPv6 as RFC 5952 wants it', () => {
    const cases = [
      ['0:0:0:0:0:0:0:0', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ] as const
    for (const [given, written] of cases) assert.equal(formatIpAddress(parseIpAddress(given)!), written)
  })

  it('takes an IPv4 address in IPv6 for the IPv4 address that it is', () => {
    assert.equal(formatPeerAddress({ host: '::ffff:1.2.3.4', port: 5 }), '1.2.3.4:5')
    assert.equal(formatPeerAddress({ host: '::FFFF:102:304', port: 5 }), '1.2.3.4:5')
  })

  it('reads back what it wrote in compact form, each family for itself (BEP 7, BEP 23)', () => {
    const peers = [
      { host: '10.0.0.255', port: 6881 },
      { host: '2001:db8::2', port: 65_535 },
      { host: 'a.host.name', port: 1 },
    ]
    assert.deepEqual([...encodeCompactPeers(peers, 4)], [10, 0, 0, 255, 0x1a, 0xe1])
    assert.deepEqual(decodeCompactPeers(encodeCompactPeers(peers, 4), 4), [peers[0]])
    assert.deepEqual(decodeCompactPeers(encodeCompactPeers(peers, 6), 6), [peers[1]])
  })

  it('refuses a list that is cut off, and leaves out peers with port 0', () => {
    assert.throws(() => decodeCompactPeers(new Uint8Array(7), 4), DecodeError)
    assert.deepEqual(decodeCompactPeers(Uint8Array.of(1, 2, 3, 4, 0, 0), 4), [])
  })

  it('knows how far an address reaches', () => {
    const cases = {
      loopback: ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'],
      private: ['10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.0.1', '100.64.0.1', 'fe80::1', 'fd00::1'],
      public: ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1'],
      unusable: ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', 'localhost', ''],
    }
    for (const [scope, hosts] of Object.entries(cases)) {
      for (const host of hosts) assert.equal(addressScope(host), scope, host)
    }
  })
})
