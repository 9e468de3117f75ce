import { quotedWord } from '../quoted-word.ts'
import type { GlobalFlags } from './global-flags.ts'

/** The part of a command's spec that says whether it takes `--session`. */
export interface SessionTaker {
  readonly name: string
  readonly takesSession?: true
  readonly subcommands?: readonly SessionTaker[]
}

/** The flags of a command that a command to type next must repeat. */
export type Place = Partial<Pick<GlobalFlags, 'home' | 'session' | 'sessionNamed'>>

/**
 * The command to type next, with the `--session` and `--home` of this one: without them it would look elsewhere. Also one inside
 * `eval "$(…)"`.
 */
export function inSamePlace(command: string, place: Place, commands: readonly SessionTaker[]): string {
  const [, inner] = /^eval "\$\((.*)\)"$/.exec(command) ?? []
  if (inner !== undefined) return `eval "$(${inSamePlace(inner, place, commands)})"`
  if (!command.startsWith('hallpass ') || command.includes(';')) return command
  const { home, session = 'default', sessionNamed = false } = place
  const [own = '', ...child] = command.split(/(?= -- )/)
  const where = home === undefined || own.includes(' --home ') ? '' : ` --home ${quotedWord(home)}`
  const whose =
    (session === 'default' && !sessionNamed) ||
    own.includes(' --session ') ||
    !takesSession(own.split(' ').slice(1), commands)
      ? ''
      : ` --session ${quotedWord(session)}`
  return [own, whose, where, ...child].join('')
}

function takesSession([word, ...more]: readonly string[], commands: readonly SessionTaker[]): boolean {
  const command = commands.find(({ name }) => name === word)
  if (command === undefined) return false
  return command.takesSession === true || takesSession(more, command.subcommands ?? [])
}
