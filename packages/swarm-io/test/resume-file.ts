import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Bitfield, decodeBencode, expectBytes, expectDictionary } from '@onehop/swarm'

/** The pieces that the only resume file of a folder says are here; none when there is no file yet. */
export async function notedPieces(resumeDir: string, pieces: number): Promise<Bitfield> {
  const name = (await readdir(resumeDir).catch(() => [])).find(file => file.endsWith('.resume'))
  if (name === undefined) return new Bitfield(pieces)
  const bytes = new Uint8Array(await readFile(join(resumeDir, name)))
  const content = expectDictionary(decodeBencode(bytes), 'the record').get('content')
  if (content === undefined) return new Bitfield(pieces)
  const have = expectDictionary(content, 'content').get('have')
  return Bitfield.parse(expectBytes(have, 'have'), pieces)
}
