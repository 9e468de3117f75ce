import { Command, CommanderError, Option } from 'commander'
import { errorTable, HallpassError } from '../errors.ts'
import { type CommandSpec, type Context, Exit, Input } from './command.ts'
import { commands } from './commands.ts'
import type { GlobalFlags } from './global-flags.ts'
import { globalOptions } from './global-options.ts'
import { helpPages } from './help-pages.ts'
import { Output } from './output.ts'
import { packageVersion } from './package.ts'
import { here, spelling } from './spelling.ts'

const valueFlags = new Set(
  globalOptions.map(({ flags }) => flags.split(' ')).flatMap(([name, value]) => (value ? [name] : [])),
)

/** Help shows the short form, also where only the path works: the lines of examples must fit. */
const { folder: npxFolder } = here
const spell = spelling(commands, { words: npxFolder === undefined ? 'hallpass' : 'npx hallpass' })

/** A longer line is hard to read. */
const helpWidth = 100
/** The summary of an option with a long value is wrapped too, on a terminal of 80 columns. */
const narrowestText = 20

/** Runs one command line and gives its exit status. */
export async function runProgram(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { own, child } = splitAtChild(argv)
  // Read before parsing: a usage error must already be JSON if --json was given.
  const wants = (flag: string) => own.includes(flag)
  let output = new Output(
    { json: wants('--json'), quiet: wants('--quiet'), verbose: wants('--verbose') },
    commands,
  )
  let status = 0
  const root = new Command('hallpass')
  const call = async (spec: CommandSpec, command: Command) => {
    const flags = readFlags(command.optsWithGlobals(), env)
    output = new Output(flags, commands)
    status = await runCommand(spec, command, { flags, output, env, own, rest: child ?? [] })
  }
  build(root, call)
  try {
    if (own.length === 0) {
      root.outputHelp()
      return 0
    }
    await root.parseAsync([...own], { from: 'user' })
    return status
  } catch (error) {
    const path = commandPath(own)
    if (error instanceof CommanderError) return usageExit(error, output, path)
    return output.fail(error, path[0]?.ownFailure)
  }
}

interface Call {
  readonly flags: GlobalFlags
  readonly output: Output
  readonly env: NodeJS.ProcessEnv
  /** The command line, without the words of a child. */
  readonly own: readonly string[]
  readonly rest: readonly string[]
}

async function runCommand(spec: CommandSpec, command: Command, call: Call): Promise<number> {
  const { flags, output } = call
  try {
    if (spec.load === undefined) throw new HallpassError('usage', `${spec.name} needs a subcommand`)
    const { run } = await spec.load()
    const env = flags.home === undefined ? call.env : { ...call.env, HALLPASS_HOME: flags.home }
    const context: Context = {
      flags,
      env,
      output,
      commands,
      open: async (opening) => (await import('./open.ts')).open(context, opening),
      secret: async (what) => (await import('./prompt.ts')).secret(flags, what),
      answer: async (question, flag) => (await import('./prompt.ts')).answer(flags, question, flag),
      confirm: async (question, flag) =>
        (await import('./prompt.ts')).confirm(flags, call.own, question, flag),
    }
    const input = new Input(command.args.slice(), call.rest, command.opts())
    return (await run(context, input)) ?? 0
  } catch (error) {
    if (error instanceof Exit) return error.status
    return output.fail(withHelp(error, call.own), spec.ownFailure)
  }
}

/** A mistake on the command line that has no better remedy than the help of its command. */
function withHelp(error: unknown, own: readonly string[]): unknown {
  if (!(error instanceof HallpassError) || error.exit !== errorTable.usage.exit) return error
  if (error.hint !== undefined) return error
  return new HallpassError(error.code, error.message, { hint: helpOf(commandPath(own)), cause: error })
}

function helpOf(path: readonly CommandSpec[]): string {
  return ['hallpass', ...path.map(({ name }) => name), '--help'].join(' ')
}

function build(root: Command, call: (spec: CommandSpec, command: Command) => Promise<void>): void {
  root
    .description(
      'Sign in once. After that, every tool you run is signed in, and none of them holds the secret.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => Math.min(process.stdout.columns || helpWidth, helpWidth),
    })
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: narrowestText })
    .addHelpText('after', () => `\n${spell(footer)}`)
  for (const option of globalOptions) root.option(option.flags, option.summary)
  for (const spec of commands) addCommand(root, spec, call)
  root
    .command('help [topic...]')
    .summary(`help on a command, or on ${helpPages.map((page) => page.name).join(', ')}`)
    .action((topic: string[]) => help(root, topic))
}

function addCommand(
  parent: Command,
  spec: CommandSpec,
  call: (spec: CommandSpec, command: Command) => Promise<void>,
) {
  const command = parent
    .command(spec.name)
    .summary(spec.summary)
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
  command.description(spec.about === undefined ? spec.summary : `${spec.summary}\n\n${spec.about}`)
  for (const operand of spec.operands ?? []) {
    const argument = command.createArgument(operand.name, operand.summary)
    if (operand.choices) argument.choices([...operand.choices])
    command.addArgument(argument)
  }
  for (const option of spec.options ?? []) {
    const added = new Option(option.flags, option.summary)
    if (option.choices) added.choices([...option.choices])
    command.addOption(added)
  }
  // If `--` was forgotten, the command itself explains what to type.
  if (spec.takesChild) command.usage('[options] -- COMMAND [ARGUMENT...]').allowExcessArguments(true)
  if (spec.examples) {
    const lines = spec.examples.map((example) => spell(example).replaceAll(/^/gm, '  '))
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
  }
  for (const subcommand of spec.subcommands ?? []) addCommand(command, subcommand, call)
  if (spec.load) command.action((...given: unknown[]) => call(spec, given[given.length - 1] as Command))
}

/** Splits the words at `--` if the command takes a child: the parser must not read the child's words. */
function splitAtChild(argv: readonly string[]): { own: readonly string[]; child?: readonly string[] } {
  const at = argv.indexOf('--')
  if (at === -1) return { own: argv }
  const own = argv.slice(0, at)
  const spec = commands.find((command) => command.name === commandWord(own))
  return spec?.takesChild ? { own, child: argv.slice(at + 1) } : { own: argv }
}

/** The first word that is not a global option or its value. */
function commandWord(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (valueFlags.has(word)) at++
    else if (!word.startsWith('-')) return word
  }
  return undefined
}

/** The command of the line, and its subcommands. */
function commandPath(argv: readonly string[]): readonly CommandSpec[] {
  const word = commandWord(argv)
  const path: CommandSpec[] = []
  let at = word === undefined ? argv.length : argv.indexOf(word)
  let found = commands.find(({ name }) => name === word)
  while (found !== undefined) {
    path.push(found)
    at++
    found = found.subcommands?.find(({ name }) => name === argv[at])
  }
  return path
}

function readFlags(options: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): GlobalFlags {
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined)
  const home = text('home')
  const config = text('config')
  return {
    session: text('session') ?? (env.HALLPASS_SESSION || 'default'),
    sessionNamed: text('session') !== undefined || (env.HALLPASS_SESSION || 'default') !== 'default',
    ...(home === undefined ? {} : { home }),
    ...(config === undefined ? {} : { config }),
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    input: options.input !== false,
  }
}

/** The parser throws after --help and --version; everything else that it throws is a usage error. */
function usageExit(error: CommanderError, output: Output, path: readonly CommandSpec[]): number {
  if (error.code === 'commander.version' || error.code === 'commander.helpDisplayed') return 0
  const words = ['hallpass', ...path.map(({ name }) => name)].join(' ')
  const needs = `${words} needs a ${path.length === 0 ? 'command' : 'subcommand'}`
  const text = error.code === 'commander.help' ? needs : error.message + longFlagFor(error.message)
  const message = text.replace(/^error: /, '').replaceAll('\n', ' ')
  const usage = new HallpassError('usage', message, { hint: helpOf(path) })
  return output.fail(usage, path[0]?.ownFailure)
}

/** The parser suggests the spelling of long options only. */
function longFlagFor(message: string): string {
  const letter = /^error: unknown option '-([a-z])/i.exec(message)?.[1]?.toLowerCase()
  const alike = ['--version', ...globalOptions.map(({ flags }) => flags.split(' ')[0] ?? '')].filter(
    (flag) => flag[2] === letter,
  )
  return alike.length === 0 ? '' : ` (Did you mean ${alike.join(' or ')}?)`
}

async function help(root: Command, topic: readonly string[]): Promise<void> {
  const page = helpPages.find((candidate) => candidate.name === topic[0])
  if (page) {
    process.stdout.write(spell(await page.text()))
    return
  }
  let command = root
  for (const word of topic) {
    const found = command.commands.find((candidate) => candidate.name() === word)
    if (!found) throw new CommanderError(2, 'commander.unknownCommand', `no help on '${topic.join(' ')}'`)
    command = found
  }
  command.outputHelp()
}

const footer = `Start with:
  hallpass run --capture -- curl -d @form.txt https://app.example.com/login
  hallpass run -- curl https://app.example.com/me
`
