import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeProcess } from './node-process.ts'
import { leech } from './onehop.ts'
import type { Leecher } from './transfer.ts'

/** What the issue names, and the nearest that a registry without it has. */
const VERSIONS = ['2.2.5', '2.2.1']

/** webtorrent 2.2 calls it with strings, which later ones refuse. */
const PACKAGE = { private: true, overrides: { 'uint8-util': '2.2.4' } }

/** Its native parts cannot be built everywhere, and a transfer over TCP uses none of them. */
const STUB = `export class RTCPeerConnection {}
export class RTCSessionDescription {}
export class RTCIceCandidate {}
export default {}
`

/** Installs webtorrent in a temporary folder, once. @returns the folder. */
export function installWebtorrent(): string {
  const folder = join(tmpdir(), 'onehop-bench-webtorrent')
  const mark = join(folder, 'installed')
  if (!existsSync(mark)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify(PACKAGE))
    const version = VERSIONS.find(candidate => installs(folder, candidate))
    if (version === undefined) throw new Error('webtorrent cannot be installed')
    makeLoadable(folder)
    writeFileSync(mark, version)
  }
  console.error(`  (webtorrent ${readFileSync(mark, 'utf8')})`)
  return folder
}

function installs(folder: string, version: string): boolean {
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=silent']
  try {
    execFileSync('npm', [...options, `webtorrent@${version}`], { cwd: folder, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function makeLoadable(folder: string): void {
  for (const stubbed of globSync(join(folder, '**/node_modules/webrtc-polyfill'))) {
    rmSync(stubbed, { recursive: true })
    mkdirSync(stubbed)
    writeFileSync(
      join(stubbed, 'package.json'),
      JSON.stringify({ name: 'webrtc-polyfill', version: '1.0.0', type: 'module', exports: './index.js' }),
    )
    writeFileSync(join(stubbed, 'index.js'), STUB)
  }
  // Node 22 took this spelling of import attributes away.
  for (const file of globSync(join(folder, 'node_modules/webtorrent/{index.js,lib/*.js}'))) {
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll("assert { type: 'json' }", "with { type: 'json' }"))
  }
}

/** WebTorrent without the content. */
export const webtorrentLeecher: Leecher = (content, folder, ports) =>
  leech(
    new NodeProcess('webtorrent-leecher.ts', [installWebtorrent(), content.torrentPath, folder], []),
    content.lengthBytes,
    ports,
  )
