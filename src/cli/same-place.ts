import { quotedWord } from '../quoted-word.ts'
import type { GlobalFlags } from './global-flags.ts'

/** The part of a command's spec that says whether it takes `--session`. */
export interface SessionTaker {
  readonly name: string
  readonly takesSession?: true
  readonly subcommands?: readonly SessionTaker[]
}

/** Where a hint must stay: without these flags its command would look elsewhere. */
export type Place = Partial<Pick<GlobalFlags, 'home' | 'session' | 'sessionNamed'>>

/** A command of ours: at the start of the line or of one of its parts, up to the end of the part. */
const ours = /(?<=^|; |: |\| |\$\(|^\w+=\S+ )hallpass .*?(?=; | \| | [<>]|\)"|, |$)/gs

/** The line to type next, with the `--session` and `--home` of this command in each command of ours. */
export function inSamePlace(line: string, place: Place, commands: readonly SessionTaker[]): string {
  // A quoted word can hold everything that ends a command: a file named 'Jan, Feb -- a.txt'.
  const quoted: string[] = []
  const masked = line.replace(/'[^']*'/g, (word) => `\0${quoted.push(word) - 1}\0`)
  // The words of a child are not ours.
  const [own = '', ...child] = masked.split(/(?= -- )/)
  const placed = own.replaceAll(ours, (command) => `${command}${flagsFor(command, place, commands)}`)
  return [placed, ...child].join('').replace(/\0(\d+)\0/g, (_, index) => quoted[Number(index)] ?? '')
}

function flagsFor(
  command: string,
  { home, session = 'default', sessionNamed = false }: Place,
  commands: readonly SessionTaker[],
): string {
  const words = command.split(' ').slice(1)
  // A sentence can begin with our name too.
  if (!commands.some(({ name }) => name === words[0])) return ''
  const named = (flag: string) => command.includes(` ${flag} `)
  const whose =
    (session === 'default' && !sessionNamed) || named('--session') || !takesSession(words, commands)
      ? ''
      : ` --session ${quotedWord(session)}`
  return home === undefined || named('--home') ? whose : `${whose} --home ${quotedWord(home)}`
}

function takesSession([word, ...more]: readonly string[], commands: readonly SessionTaker[]): boolean {
  const command = commands.find(({ name }) => name === word)
  if (command === undefined) return false
  return command.takesSession === true || takesSession(more, command.subcommands ?? [])
}
