import type { Spell } from '../documents/document.ts'
import { type Invocation, invocation } from './invocation.ts'
import { inSamePlace, type Place, type SessionTaker } from './same-place.ts'

/** As they must be typed in the working directory of this process. */
export const here = invocation(process.env, process.cwd())

/** @param commands the names that make `hallpass NAME` a command and not a sentence about hallpass */
export function spelling(
  commands: readonly { readonly name: string }[],
  { words }: Invocation = here,
): Spell {
  if (words === 'hallpass') return (text) => text
  const names = [...commands.map(({ name }) => name), 'help', '--'].join('|')
  const command = new RegExp(`(?<![\\w./-]|npx )hallpass (?=(?:${names}))`, 'g')
  return (text) => text.replaceAll(command, () => `${words} `)
}

/** The same for the commands of a hint, which must work on the state folder and the session that the user named. */
export function hintSpelling(
  place: Place,
  commands: readonly SessionTaker[],
  from: Invocation = here,
): Spell {
  const spell = spelling(commands, from)
  return (hint) => spell(inSamePlace(hint, place, commands))
}
