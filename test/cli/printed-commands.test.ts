import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CommandSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { helpPages } from '../../src/cli/help-pages.ts'
import { runProgram } from '../../src/cli/program.ts'
import { inSamePlace } from '../../src/cli/same-place.ts'
import { shellCommands } from '../../src/formats/shell-words.ts'

/*
 * Other tests run the commands of the README, of docs/tokens.md and of certs/README.md. This one types every command of hallpass
 * that a person can read anywhere, as far as the parser: its name, options, values and operands exist.
 */

type Words = readonly string[]

const repository = join(import.meta.dirname, '../..')
const sources = join(repository, 'src')
const filesBelow = (folder: string, end: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end) && !name.endsWith(`.test${end}`))
    .map((name) => join(folder, name))
const documents = ['README.md', 'CONTRIBUTING.md', 'certs/README.md', 'config.example.yaml'].map((name) =>
  join(repository, name),
)

const specs = all(commands)
const places: readonly (readonly [place: string, commands: readonly Words[]])[] = [
  ...[...documents, ...filesBelow(join(repository, 'docs'), '.md')].map((file) => {
    return [file.slice(repository.length + 1), ofDocument(readFileSync(file, 'utf8'))] as const
  }),
  ...(await Promise.all(
    helpPages.map(async (page) => [`help ${page.name}`, ofHelp(await page.text())] as const),
  )),
  ...specs.map((spec) => [`the examples of ${spec.name}`, (spec.examples ?? []).flatMap(ofShell)] as const),
  ['the hints of src', filesBelow(sources, '.ts').flatMap((file) => ofSource(readFileSync(file, 'utf8')))],
]

beforeEach(() => {
  for (const spec of specs) {
    if (spec.load !== undefined) vi.spyOn(spec, 'load').mockResolvedValue({ run: async () => 0 })
  }
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})
afterEach(() => vi.restoreAllMocks())

describe.each(places.filter(([, printed]) => printed.length > 0))('%s', (_, printed) => {
  it.each([...new Set(printed.map((words) => words.join('\t')))])('hallpass %j', async (joined) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const status = await runProgram(joined.split('\t'), {})
    expect({ status, said: said.mock.calls.map(([text]) => text).join('') }).toEqual({ status: 0, said: '' })
  })
})

it('the check finds what it is for', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  for (const wrong of ['imprt x', 'import --form har', 'import --format nope', 'cookie', 'login'])
    expect(await runProgram(wrong.split(' '), {}), wrong).toBe(2)
  expect(
    ofDocument('```\necho $(hallpass a) | npx hallpass b > c # hallpass d\n```\n`hallpass run -- x`'),
  ).toEqual([['a'], ['b'], ['run', '--', 'x']])
})

it('every hint of src for a command that takes a session can name one', () => {
  const texts = /\b(?:hint|remedy|reason|return)\b[^'"`\n]*(['`])(.*?)\1/g
  const isOfTaker = new RegExp(`(?:^|: |\\$\\()hallpass (?:${takersOf(commands).join('|')})\\b`)
  const hints = filesBelow(sources, '.ts')
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(texts)].map(([, , text = '']) => text))
    .filter((text) => isOfTaker.test(text))
  expect(hints.length).toBeGreaterThan(50)
  for (const hint of hints) {
    const [own = ''] = inSamePlace(hint, { session: 'work' }, commands).split(' -- ')
    expect(own.split(/--session (?:work|\$\{)/), hint).toHaveLength(2)
  }
})

/** The blocks of code, and the code in the text that names more than a command. */
function ofDocument(text: string): readonly Words[] {
  const block = /^```[a-z]*\n(.*?)^```/gms
  const inline = [...text.replaceAll(block, '').matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) =>
    ofShell(code),
  )
  return [
    ...[...text.matchAll(block)].flatMap(([, code = '']) => ofShell(code)),
    ...inline.filter((words) => isCommand(words) && !isName(words)),
  ]
}

/** Indented lines, up to the explanation beside the command. */
function ofHelp(text: string): readonly Words[] {
  return [...text.matchAll(/^ {2,}(hallpass (?:\S| (?! ))+)/gm)]
    .flatMap(([, command = '']) => ofShell(command))
    .filter(isCommand)
}

/** Hints without a part that is filled in. */
function ofSource(code: string): readonly Words[] {
  return [...code.matchAll(/hint: '(hallpass [^'\n]*)'/g)].flatMap(([, hint = '']) => ofShell(hint))
}

/** The words behind `hallpass` of each command, those inside `$(…)` too. */
function ofShell(text: string): readonly Words[] {
  const inner = /\$?\((hallpass [^)]*)\)/g
  return [...[...text.matchAll(inner)].map(([, command = '']) => command), text.replaceAll(inner, 'VALUE')]
    .flatMap((code) => shellCommands(code.replaceAll(/(?<=\s)#.*$/gm, '')))
    .flatMap((shellWords) => {
      const words = shellWords.map((word) => word.text)
      const at = words.indexOf('hallpass')
      const isFirst = words.slice(0, at).every((word) => ['$', 'npx', 'sudo', 'eval'].includes(word))
      const end = words.findIndex((word) => /^[<>]/.test(word))
      return at === -1 || !isFirst ? [] : [words.slice(at + 1, end === -1 ? undefined : end)]
    })
}

function isCommand([name = '']: Words): boolean {
  return commands.some((command) => command.name === name)
}

/** Text names a command without its operands: `hallpass open`, `hallpass key protect`. */
function isName(words: Words): boolean {
  return words.every((word) => specs.some(({ name }) => name === word))
}

/** Commands that take `--session`, with their nouns. */
function takersOf(list: readonly CommandSpec[]): string[] {
  return list.flatMap(({ name, takesSession, subcommands = [] }) =>
    takesSession ? [name] : takersOf(subcommands).map((taker) => `${name} ${taker}`),
  )
}

function all(list: readonly CommandSpec[]): CommandSpec[] {
  return list.flatMap((spec) => [spec, ...all(spec.subcommands ?? [])])
}
