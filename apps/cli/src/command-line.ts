import { readdirSync } from 'node:fs'
import { parse } from 'node:path'
import { UsageFailure } from './failure.ts'

/** Flags that every command takes, and whether a value follows: they may stand before the command too. */
const GLOBAL_FLAGS: Readonly<Record<string, boolean>> = {
  '--json': false,
  '--quiet': false,
  '-q': false,
  '--node': true,
  '--rpc': true,
  '--datadir': true,
}

/** What needs no command. */
const HELP_FLAGS: readonly string[] = ['--help', '-h', '--version', '-v']

/** A command that exists: its words, and the file that holds it. */
export interface KnownCommand {
  readonly words: readonly string[]
  /** Relative to the folder of commands, with forward slashes. */
  readonly file: string
}

/** What was typed, with the command found in it. */
export interface CommandLine {
  /** As oclif wants it: the command first. */
  readonly argv: readonly string[]
  /** Absent: help for all commands, or for a topic. */
  readonly command: KnownCommand | undefined
}

/** The commands in a folder: `chain/info.ts` is `chain info`, `peers/index.ts` is `peers`. */
export function listCommands(folder: string): KnownCommand[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(file => file.replaceAll('\\', '/'))
    .filter(file => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .map(file => {
      const { dir, name } = parse(file)
      return { file, words: [...dir.split('/'), name === 'index' ? '' : name].filter(word => word !== '') }
    })
}

/** Finds the command in what was typed. @throws {UsageFailure} with a suggestion when there is no such command. */
export function readCommandLine(typed: readonly string[], commands: readonly KnownCommand[]): CommandLine {
  const argv = helpAsFlag(commandFirst(typed))
  const words = argv.slice(0, countWords(argv))
  const command = longestMatch(words, commands)
  if (words.length === 0 && argv.length > 0 && !argv.some(word => HELP_FLAGS.includes(word))) {
    throw new UsageFailure('A command is missing, such as "onehop status"; see "onehop --help".')
  }
  if (command === undefined && words.length > 0 && !isTopic(words, commands)) {
    throw unknownCommand(words, commands)
  }
  return { argv, command }
}

/** `onehop --node 2 status` is `onehop status --node 2`. */
function commandFirst(typed: readonly string[]): string[] {
  let length = 0
  while (length < typed.length) {
    const takesValue = GLOBAL_FLAGS[typed[length]!]
    if (takesValue === undefined && !/^--(node|rpc|datadir)=/.test(typed[length]!)) break
    length += takesValue ? 2 : 1
  }
  const rest = typed.slice(length)
  if (rest.length === 0) return [...typed]
  const words = countWords(rest)
  return [...rest.slice(0, words), ...typed.slice(0, length), ...rest.slice(words)]
}

/** `onehop help chain info` is `onehop chain info --help`. */
function helpAsFlag(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv]
}

function countWords(argv: readonly string[]): number {
  const flag = argv.findIndex(word => word.startsWith('-'))
  return flag < 0 ? argv.length : flag
}

function longestMatch(words: readonly string[], commands: readonly KnownCommand[]): KnownCommand | undefined {
  return commands
    .filter(command => command.words.every((word, i) => word === words[i]))
    .sort((a, b) => b.words.length - a.words.length)[0]
}

function isTopic(words: readonly string[], commands: readonly KnownCommand[]): boolean {
  return commands.some(command => words.every((word, i) => word === command.words[i]))
}

function unknownCommand(words: readonly string[], commands: readonly KnownCommand[]): UsageFailure {
  const typed = words.slice(0, 2).join(' ').trim()
  const candidates = commands.map(command => command.words.join(' '))
  const topics = commands.filter(command => command.words.length > 1).map(command => command.words[0]!)
  const nearest = [...candidates, ...topics.filter(topic => topic !== words[0])]
    .map(candidate => ({ candidate, distance: nearness(words, candidate) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const topic = topics.includes(words[0]!) ? `${words[0]} ` : ''
  const near = nearest !== undefined && nearest.distance <= 2
  const hint = near ? `did you mean "onehop ${nearest.candidate}"?` : `see "onehop ${topic}--help".`
  return new UsageFailure(`There is no command "onehop ${typed}"; ${hint}`)
}

/** Compares with as many words as the candidate has, since the rest would be its arguments. */
function nearness(words: readonly string[], candidate: string): number {
  return editDistance(words.slice(0, candidate.split(' ').length).join(' '), candidate)
}

/** Characters to insert, delete or replace (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

/** `did you mean "chord"? There are chord, pastry.`; without the question where none of the names is like it. */
export function suggestion(typed: string, names: readonly string[], listed = names): string {
  const distanceTo = (name: string) => editDistance(typed.toLowerCase(), name)
  const nearest = names.toSorted((a, b) => distanceTo(a) - distanceTo(b))[0]
  const isNear = nearest !== undefined && 2 * distanceTo(nearest) <= Math.max(typed.length, nearest.length)
  return `${isNear ? `did you mean "${nearest}"? T` : 't'}here are ${listed.join(', ')}.`
}
