import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { bash } from '../../src/cli/commands/completion/bash.ts'
import { fish } from '../../src/cli/commands/completion/fish.ts'
import { pwsh } from '../../src/cli/commands/completion/pwsh.ts'
import { childTakers, places } from '../../src/cli/commands/completion/words.ts'
import { zsh } from '../../src/cli/commands/completion/zsh.ts'
import { commands } from '../../src/cli/commands.ts'
import { testWith } from '../support/installed.ts'

const all = places(commands)

describe('what is completed', () => {
  test('is every command and every subcommand with its options', () => {
    const paths = all.map(({ path }) => path)
    for (const command of commands) {
      expect(paths).toContain(command.name)
      for (const subcommand of command.subcommands ?? []) {
        expect(paths).toContain(`${command.name} ${subcommand.name}`)
      }
    }
    const run = all.find(({ path }) => path === 'run')
    expect(run?.options.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['--capture', '--only', '--session']),
    )
  })

  test.each([
    ['bash', bash],
    ['zsh', zsh],
    ['fish', fish],
    ['pwsh', pwsh],
  ])('is all in the script for %s', (_, script) => {
    const text = script(all, childTakers(commands))
    for (const { words, options } of all) {
      for (const { text: word } of words) expect(text).toContain(word)
      for (const { text: option } of options) expect(text).toContain(option.slice(2))
    }
  })
})

/** The words and the one being typed, as bash gives them to a completion function. */
const bashCases: readonly (readonly [string, string, readonly string[]])[] = [
  ['the beginning of a command', 'hallpass sta', ['start', 'status']],
  ['an option of a command', 'hallpass start --back', ['--background']],
  ['an option after a global one with a value', 'hallpass --session run start --back', ['--background']],
  ['the values of an option', 'hallpass env --format fi', ['fish']],
  ['the values of an operand', 'hallpass completion z', ['zsh']],
  ['a subcommand of a subcommand', 'hallpass session token ro', ['rotate']],
  ['a topic of help', 'hallpass help exit', ['exit-codes']],
  ['a command of the child', 'hallpass run -- printen', ['printenv']],
]

test.each(bashCases)('bash completes %s', (_, line, expected) => {
  const words = line.split(' ')
  const script = `${bash(all, childTakers(commands))}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _hallpass
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const found = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
  expect([...new Set(found)]).toEqual(expected)
})

testWith('fish').each(bashCases)('fish completes %s', (_, line, expected) => {
  const script = `${fish(all, childTakers(commands))}\ncomplete -C '${line}'`
  const found = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' }).trim().split('\n')
  expect(found.map((word) => word.split('\t')[0])).toEqual(expect.arrayContaining([...expected]))
})
