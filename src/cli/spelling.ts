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

/** The same for the commands of a hint. They work on this session, or on that of `place`. */
export type HintSpell = (hint: string, session?: string) => string

/** @param place the state folder and the session that the user named */
export function hintSpelling(
  place: Place,
  commands: readonly SessionTaker[],
  from: Invocation = here,
): HintSpell {
  const spell = spelling(commands, from)
  return (hint, session = place.session) =>
    spell(inSamePlace(hint, { ...place, ...(session !== undefined && { session }) }, commands))
}
