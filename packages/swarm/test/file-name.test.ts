import assert from 'node:assert/strict'
import { checkFileName } from '@onehop/swarm'

describe('file names', () => {
  for (const name of [
    'a',
    'movie.mkv',
    'Ärger über 日本.txt',
    '.hidden',
    'con1',
    'console',
    'a..b',
    'Vol. 1.',
    'a ',
    'x'.repeat(255),
  ]) {
    it(`takes ${JSON.stringify(name.slice(0, 30))}`, () => assert.equal(checkFileName(name).ok, true))
  }

  for (const name of [
    '',
    '.',
    '..',
    '../x',
    '/etc/passwd',
    'a/b',
    'a\\b',
    '..\\x',
    'C:\\x',
    'c:x',
    'nul',
    'CON',
    'com1.txt',
    'LPT9',
    'aux.',
    'a\u0000b',
    'a\nb',
    '\u001b[2J',
    'a\u007f',
    'a\u0085',
    'gpj\u202eexe',
    '. .',
    '   ',
    ' nul',
    '\ud800',
    'x'.repeat(256),
    'ü'.repeat(128),
  ]) {
    it(`refuses ${JSON.stringify(name.slice(0, 30))}`, () => assert.equal(checkFileName(name).ok, false))
  }
})
