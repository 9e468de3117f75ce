import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { expect, it } from 'vitest'

/*
 * A promise that nobody awaits and that rejects ends the process with a stack trace. Biome's noFloatingPromises finds those that
 * are dropped by mistake. `void` drops one on purpose, so each call behind it catches its own failures: here is how.
 */

const src = resolve(import.meta.dirname, '../src')

/** By file: the calls behind `void` that do not end in `.catch(…)`, and why they never reject. "not a promise" is thrown away as a value. */
const neverReject: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'browser/window/firefox-window.ts': { 'child.kill': 'not a promise' },
  'browser/window/use-window.ts': {
    'window.closed.then': 'a window ends in one way, also when it is killed',
    'window.visit':
      'a page that does not load is shown to the user; test/browser/window.test.ts ends the browser first',
  },
  'cli/commands/start/foreground.ts': {
    'hallpass.liveConfig.reload': 'a file with mistakes is a state to report',
  },
  'cli/commands/start/service-process.ts': { serve: 'it reports every failure to its parent' },
  'cli/end-with.ts': { 'command.then': 'a command turns every failure into an exit code' },
  'library/dispatch.ts': { 'exchange.send': 'it passes every failure to the handler' },
  'log.ts': { 'stream.write': 'not a promise' },
  'plan/capture.ts': { 'other.clear': 'not a promise', 'other.set': 'not a promise' },
  'proxy/connection.ts': { connectTunnel: 'it answers every failure' },
  'proxy/intercept.ts': { passRaw: 'it closes the socket on every failure' },
  'proxy/open-engine.ts': { 'options.sessions.endRemoved': 'a record that cannot be read ends nothing' },
  'sessions/session-cookies.ts': { 'held.set': 'not a promise' },
  'sessions/session-events.ts': { 'this.#waiting.delete': 'not a promise' },
  'sessions/sessions.ts': { nothingIfLost: 'not a promise' },
  'sessions/site-jar.ts': { 'this.#write': 'those who wait for the write get its failure' },
  'sessions/values/sealed-tokens.ts': { 'this.#tryAgain': 'the tokens stay unsaved in memory' },
  'store/group-commit.ts': { 'this.#drain': 'those who wait for the commit get its failure' },
  'store/memory.ts': { 'this.#update': 'not a promise', 'turn.then': 'a turn ends in one way' },
}

interface Node {
  readonly type?: string
  readonly operator?: string
  readonly argument?: Node
  readonly callee?: Node
  readonly object?: Node
  readonly property?: Node
  readonly name?: string
}

it('a call behind void ends in catch, or is one that never rejects', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
  const unlisted = files.flatMap((file) =>
    voidedCalls(readFileSync(join(src, file), 'utf8'))
      .filter((call) => !call.endsWith('.catch') && neverReject[file]?.[call] === undefined)
      .map((call) => `${file}: void ${call}`),
  )
  expect(unlisted).toEqual([])
})

it('the check finds what it is for', () => {
  expect(voidedCalls('void a.b(1); const f = () => void c(); void d().catch(() => 0); e()')).toEqual([
    'a.b',
    'c',
    'd(…).catch',
  ])
})

function voidedCalls(code: string): string[] {
  const calls: string[] = []
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    const { type, operator, argument } = node as Node
    if (type === 'UnaryExpression' && operator === 'void' && argument?.type === 'CallExpression')
      calls.push(wordsOf(argument.callee))
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(code, { lang: 'ts' }))
  return calls
}

function wordsOf(node: Node | undefined): string {
  switch (node?.type) {
    case 'Identifier':
      return node.name ?? ''
    case 'PrivateIdentifier':
      return `#${node.name}`
    case 'ThisExpression':
      return 'this'
    case 'MemberExpression':
      return `${wordsOf(node.object)}.${wordsOf(node.property)}`
    case 'CallExpression':
      return `${wordsOf(node.callee)}(…)`
    default:
      return '?'
  }
}
