import { basename, resolve } from 'node:path'
import { AdminClient } from '../../../admin/client.ts'
import { restart } from '../../../admin/other-settings.ts'
import type { Status } from '../../../admin/wire.ts'
import { applyEnvironment, childEnvironment, foreignTrust } from '../../../environment/child-environment.ts'
import { findDetours } from '../../../environment/detours.ts'
import { missedProxy } from '../../../environment/missed-proxy.ts'
import { ownClient } from '../../../environment/own-client.ts'
import { HallpassError } from '../../../errors.ts'
import { type RunScope, scopeOf } from '../../../plan/run-scope.ts'
import { quotedWord } from '../../../quoted-word.ts'
import { type Outcome, outcomeOf } from '../../../sessions/outcome.ts'
import { holdUse, useVariable } from '../../../store/exclusive-use.ts'
import { homeOf } from '../../../store/home.ts'
import type { Context, Input, Run } from '../../command.ts'
import { settingsBeside, warnOfOldSettings } from '../../settings.ts'
import { hasTerminal, runChild } from './child.ts'
import { sayOutcome } from './say-outcome.ts'

/** A way to the proxy for one child. */
interface Passage {
  readonly proxyUrl: string
  readonly loopback: boolean
  /** The hosts that the session knows. */
  readonly hosts: readonly string[]
  /** The variables that have values of its credentials. */
  readonly variables: readonly string[]
  /** Ends the passage; resolves to what came of the child's requests, if the proxy still knows. */
  end(): Promise<Outcome | undefined>
}

/** What the proxy must know of a child. */
interface Child {
  readonly program: string
  readonly use: string | undefined
}

export const run: Run = async (context, input) => {
  const [program] = input.rest
  if (program === undefined || input.args.length > 0) {
    throw new HallpassError('usage', 'write the command to run after --', { hint: separated(input) })
  }
  const inherited = process.env
  if (ownClient(inherited)?.child === true && !input.has('nest')) {
    throw new HallpassError('usage', 'this is already inside hallpass run; --nest allows another one', {
      hint: typed(['--nest', ...optionWords(input)], input.rest),
    })
  }
  if (!input.has('exclusive')) return attend(context, input, program, inherited[useVariable])
  const { sessions, home } = await context.open()
  const { name } = await sessions.get(context.flags.session)
  return holdUse(home, name, basename(program), (use) => attend(context, input, program, use))
}

/** @param use the exclusive use of the session that the child belongs to, if any */
async function attend(
  context: Context,
  input: Input,
  program: string,
  use: string | undefined,
): Promise<number> {
  const inherited = process.env
  const scope = readScope(input)
  const passage = await passageFor(context, { program, use }, scope)
  const home = homeOf(context.env)
  const { proxyUrl, loopback, hosts, variables } = passage
  for (const { fact, remedy } of await findDetours(inherited, hosts, basename(program))) {
    context.output.warn(`${fact}; ${remedy}`)
  }
  const { session } = context.flags
  const change = childEnvironment({
    ...{ inherited, proxyUrl, loopbackKnown: loopback, home, session, scope },
    withheld: variables,
  })
  let outcome: Outcome | undefined
  const end = await runChild(input.rest, {
    ...applyEnvironment(inherited, change),
    ...ownPlace(context),
    ...(use !== undefined && { [useVariable]: use }),
  }).finally(async () => {
    outcome = await passage.end()
  })
  if (outcome !== undefined) sayOutcome(context, outcome, end.status, input.has('summary'))
  if (end.failure !== undefined)
    return context.output.fail(new HallpassError('failed', end.failure), end.status)
  // A loop in a shell ends only if the process died of SIGINT; an exit status would let it go on after Ctrl-C.
  if (end.signal === 'SIGINT' && hasTerminal()) process.kill(process.pid, 'SIGINT')
  return end.status
}

/** The command line that was meant where `--` is missing: an option that takes hosts has then taken the command too. */
function separated(input: Input): string {
  const options = optionWords(input)
  const command = input.args.length > 0 ? input.args : options.splice(commandAt(options))
  return typed(options, command.length > 0 ? command : ['curl', 'https://example.com/'])
}

/** The index of the first word of the command. A host is `*`, `localhost`, or a word with a dot and no slash. */
function commandAt(options: readonly string[]): number {
  const at = options.findIndex((word) => !/^(--.*|\*|localhost(:\d+)?|[^/.]*\.[^/]*)$/.test(word))
  return at === -1 ? options.length : at
}

function typed(options: readonly string[], command: readonly string[]): string {
  return ['hallpass', 'run', ...options, '--', ...command].map(quotedWord).join(' ')
}

function optionWords(input: Input): string[] {
  const capture = input.list('capture')
  const only = input.list('only')
  return [
    ...(input.has('strict') ? ['--strict'] : []),
    ...(input.has('exclusive') ? ['--exclusive'] : []),
    ...(input.has('summary') ? ['--summary'] : []),
    ...(capture === undefined ? [] : ['--capture', ...capture]),
    ...(only === undefined ? [] : ['--only', ...only]),
  ]
}

/** The values of `--home` and `--config`, since a hallpass inside must look there too. */
function ownPlace({ flags, env }: Context): NodeJS.ProcessEnv {
  return {
    ...(flags.home !== undefined && { HALLPASS_HOME: homeOf(env).root }),
    ...(flags.config !== undefined && { HALLPASS_CONFIG: resolve(flags.config) }),
  }
}

/** Chooses the running proxy, unless it has other settings than this command: a rule would not hold. */
async function passageFor(context: Context, child: Child, scope: RunScope): Promise<Passage> {
  const { output } = context
  const running = await new AdminClient(homeOf(context.env)).running()
  const { file, contradictions } = settingsBeside(context, running)
  if (contradictions.length > 0) {
    output.detail(`not through the running proxy, which has other settings: ${contradictions.join(', ')}`)
    return throughOwn(context, child, scope, file)
  }
  if (running !== undefined) warnOfOldSettings(context, running.settings)
  return (
    (running && (await throughRunning(context, child, scope, running))) ??
    (await throughOwn(context, child, scope))
  )
}

/** Asks the running proxy for a client token; undefined if the proxy has stopped meanwhile. */
async function throughRunning(
  context: Context,
  child: Child,
  scope: RunScope,
  running: Status,
): Promise<Passage | undefined> {
  const home = homeOf(context.env)
  const admin = new AdminClient(home)
  try {
    const issued = await admin.issue({ session: context.flags.session, pid: process.pid, ...child, ...scope })
    const foreign = foreignTrust(process.env, home)
    if (Object.keys(foreign).length > 0) await admin.writeBundle(foreign)
    context.output.detail('through the running proxy')
    const missed = missedProxy(process.env, running)
    if (missed !== undefined) {
      context.output.warn(missed)
      context.output.hint(restart)
    }
    const { id, proxyUrl, loopback, hosts, variables } = issued
    // If the proxy has stopped, its tokens are gone.
    return { proxyUrl, loopback, hosts, variables, end: () => admin.revoke(id).catch(() => undefined) }
  } catch (error) {
    if (error instanceof HallpassError && error.code === 'not-running') return undefined
    throw error
  }
}

/** Starts a proxy for this child only: on a free port, with no files in run/. */
async function throughOwn(
  context: Context,
  { use }: Child,
  asked: RunScope,
  configFile?: string,
): Promise<Passage> {
  const { openLog } = await import('../../../log.ts')
  // First: an invalid host must fail before anything is made.
  const scope = scopeOf(asked)
  const hallpass = await context.open(configFile === undefined ? {} : { configFile })
  const log = openLog({ folder: hallpass.home.log })
  const proxy = await hallpass.startProxy({
    listen: { host: '127.0.0.1', port: 0 },
    log,
    spell: context.output.spell,
  })
  const { port, upstream } = proxy
  context.output.detail(
    `through a proxy of its own on port ${port}${upstream.length === 0 ? '' : `, which goes through ${upstream.join(', ')}`}`,
  )
  const { id, url } = await proxy.issue(hallpass.sessionName, scope, use).catch(async (error: unknown) => {
    await proxy.close()
    throw error
  })
  return {
    proxyUrl: url,
    ...(await hallpass.reach(hallpass.sessionName, scope)),
    end: async () => {
      await proxy.close({ graceMs: leaveMs })
      await log.close()
      const report = proxy.revoke(id)
      return report && outcomeOf(report, hallpass.session(), hallpass.warning)
    },
  }
}

/** The child has ended; its background processes get this long to finish a request. */
const leaveMs = 500

function readScope(input: Input): RunScope {
  const capture = input.list('capture')
  const only = input.list('only')
  return {
    ...(capture === undefined ? {} : { capture: capture.length === 0 ? ['*'] : capture }),
    ...(only === undefined ? {} : { only }),
    ...(input.has('strict') ? { strict: true } : {}),
  }
}
