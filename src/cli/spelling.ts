import { npxFolder } from './package.ts'

/** Spells the commands in a text, which are written `hallpass …` in the code, as they must be typed on this machine. */
export type Spell = (text: string) => string

/** @param commands the names that make `hallpass NAME` a command and not a sentence about hallpass */
export function spelling(commands: readonly { readonly name: string }[]): Spell {
  if (npxFolder() === undefined) return (text) => text
  const words = [...commands.map(({ name }) => name), 'help', '--'].join('|')
  const command = new RegExp(`(?<![\\w./-])hallpass (?=(?:${words}))`, 'g')
  return (text) => text.replaceAll(command, 'npx hallpass ')
}
