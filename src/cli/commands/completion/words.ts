import type { CommandSpec, OptionSpec } from '../../command.ts'
import { globalOptions } from '../../global-options.ts'
import { helpPages } from '../../help-pages.ts'

/** The words and options that can follow `path`: '' is the start, 'token set' a subcommand. */
export interface Place {
  readonly path: string
  readonly words: readonly Word[]
  readonly options: readonly CompletedOption[]
}

export interface Word {
  readonly text: string
  readonly summary: string
}

export interface CompletedOption extends Word {
  /** The next word is its value. */
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/** Every place of the command line, from the specs that also make `--help`. */
export function places(commands: readonly CommandSpec[]): readonly Place[] {
  const help = { text: 'help', summary: 'help on a command or a topic' }
  const root = { path: '', words: [...commands.map(wordOf), help], options: globalOptions.map(optionOf) }
  const topics = helpPages.map((page) => ({ text: page.name, summary: page.summary }))
  return [
    root,
    ...commands.flatMap((command) => placesOf(command, command.name)),
    { path: 'help', words: [...commands.map(wordOf), ...topics], options: [] },
  ]
}

/** Options whose next word is a value and not a command. */
export function valueOptions(all: readonly Place[]): readonly string[] {
  return [...new Set(all.flatMap(({ options }) => options.filter((o) => o.takesValue).map((o) => o.text)))]
}

/** Commands after whose `--` the command line of another program follows. */
export function childTakers(commands: readonly CommandSpec[]): readonly string[] {
  return commands.filter((command) => command.takesChild).map((command) => command.name)
}

function placesOf(command: CommandSpec, path: string): Place[] {
  const subcommands = command.subcommands ?? []
  const choices = (command.operands ?? []).flatMap((operand) => operand.choices ?? [])
  const words = [...subcommands.map(wordOf), ...choices.map((text) => ({ text, summary: '' }))]
  const options = [...(command.options ?? []), ...globalOptions].map(optionOf)
  const deeper = subcommands.flatMap((subcommand) => placesOf(subcommand, `${path} ${subcommand.name}`))
  return [{ path, words, options }, ...deeper]
}

function wordOf(command: CommandSpec): Word {
  return { text: command.name, summary: command.summary }
}

function optionOf(option: OptionSpec): CompletedOption {
  return {
    text: option.flags.split(' ')[0] ?? '',
    summary: option.summary,
    takesValue: option.flags.includes('<'),
    choices: option.choices ?? [],
  }
}
