import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from '@onehop/node'

/** The names of the overlay's figures, without labels. */
async function overlayFigures(overlay: string): Promise<{ names: Set<string>; lines: string[] }> {
  const datadir = mkdtempSync(join(tmpdir(), 'onehop-metrics-'))
  const node = await startNode({ datadir, overlay, rpcPort: 0, logLevel: 'silent' })
  try {
    const credentials = readFileSync(join(datadir, '.cookie')).toString('base64')
    const headers = { authorization: `Basic ${credentials}` }
    const answer = await fetch(new URL('/metrics', node.rpcUrl), { headers })
    const lines = (await answer.text()).split('\n')
    const own = lines.filter(line => line.startsWith('onehop_overlay_'))
    return { lines, names: new Set(own.map(line => line.replace(/[ {].*/, ''))) }
  } finally {
    await node.stop()
    rmSync(datadir, { recursive: true, force: true })
  }
}

describe('the metrics of a node', () => {
  it('name its overlay, and show the figures that this one has', async () => {
    const kelips = await overlayFigures('kelips')
    const chord = await overlayFigures('chord')
    assert.ok(kelips.lines.includes('onehop_overlay_info{overlay="kelips"} 1'))
    assert.ok(chord.lines.includes('onehop_overlay_info{overlay="chord"} 1'))
    for (const { names } of [kelips, chord])
      for (const name of ['links', 'sent_bytes', 'publications', 'table_bytes'])
        assert.ok(names.has(`onehop_overlay_${name}`), name)
    assert.ok(kelips.names.has('onehop_overlay_groups') && !chord.names.has('onehop_overlay_groups'))
    assert.ok(chord.names.has('onehop_overlay_load') && !kelips.names.has('onehop_overlay_load'))
  })
})
