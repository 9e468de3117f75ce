import { npxFolder } from './package.ts'
import { inSamePlace, type Place, type SessionTaker } from './same-place.ts'

/** Spells the commands in a text, which are written `hallpass …` in the code, as they must be typed on this machine. */
export type Spell = (text: string) => string

/** @param commands the names that make `hallpass NAME` a command and not a sentence about hallpass */
export function spelling(commands: readonly { readonly name: string }[]): Spell {
  if (npxFolder() === undefined) return (text) => text
  const words = [...commands.map(({ name }) => name), 'help', '--'].join('|')
  const command = new RegExp(`(?<![\\w./-])hallpass (?=(?:${words}))`, 'g')
  return (text) => text.replaceAll(command, 'npx hallpass ')
}

/** The same for the command of a hint, which must work on the state folder and the session that the user named. */
export function hintSpelling(place: Place, commands: readonly SessionTaker[]): Spell {
  const spell = spelling(commands)
  return (hint) => spell(inSamePlace(hint, place, commands))
}
