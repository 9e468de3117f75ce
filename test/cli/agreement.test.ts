import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CommandSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { CommandLine, Ended } from '../support/command-line.ts'
import { filledHome } from './filled-home.ts'

/**
 * What each command does where there is nothing for it, and with `--json`. The session has one cookie of app.example.com and one
 * credential, "api"; no proxy runs and there is no terminal.
 */
type Outcome =
  /** Data on stdout, or work done. */
  | { readonly kind: 'done'; readonly schema?: string }
  /** A list without entries, or a state that is already reached: exit 0 and a sentence on stderr. */
  | { readonly kind: 'nothing'; readonly says: string; readonly schema?: string }
  /** A status that is an answer: data on stdout, and exit 1. */
  | { readonly kind: 'no'; readonly schema: string }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly exit: number }

const missing = (code: ErrorCode): Outcome => ({ kind: 'error', code, exit: 4 })
const usage: Outcome = { kind: 'error', code: 'usage', exit: 2 }
const done = (schema?: string): Outcome => ({ kind: 'done', ...(schema !== undefined && { schema }) })
const nothing = (says: string, schema?: string): Outcome => {
  return { kind: 'nothing', says, ...(schema !== undefined && { schema }) }
}

const table: readonly (readonly [line: string, outcome: Outcome])[] = [
  ['run curl https://a.example/', { kind: 'error', code: 'usage', exit: 125 }],
  ['run --only a_b!c -- true', { kind: 'error', code: 'usage', exit: 125 }],
  ['start --background', done('start/1')],
  ['start --listen 8787', usage],
  ['start --listen 0.0.0.0:0', usage],
  ['start --capture ht!tp:/', usage],
  ['start --config nope.yaml', { kind: 'error', code: 'config-invalid', exit: 3 }],
  ['stop', nothing('there is nothing to stop', 'stop/1')],
  ['status', { kind: 'no', schema: 'status/1' }],
  ['logs', nothing('nothing is logged yet')],
  ['logs --lines many', usage],
  ['env', { kind: 'error', code: 'not-running', exit: 1 }],
  ['env --unset', done('env/1')],
  ['explain https://app.example.com/', done('explain/1')],
  ['explain other.example', done('explain/1')],
  ['explain ht!tp:/', usage],
  ['login ht!tp:/', usage],
  ['login app.example.com --until never', usage],
  ['open ht!tp:/', usage],
  ['token set api --kind nope', usage],
  ['token login other', usage],
  ['token get api', done('token/1')],
  ['token get other', missing('credential-missing')],
  ['token refresh api', usage],
  ['token refresh other', missing('credential-missing')],
  ['token list', done('tokens/1')],
  ['token rm api --yes', done('token-rm/1')],
  ['token rm api', usage],
  ['token rm other', missing('credential-missing')],
  ['cookie list', done('cookies/1')],
  ['cookie list other.example', nothing('has no cookies of other.example', 'cookies/1')],
  ['cookie list ht!tp:/', usage],
  ['cookie get https://app.example.com/ sid', done('cookie/1')],
  ['cookie get https://app.example.com/ other', missing('cookie-missing')],
  ['cookie set https://app.example.com/ sid --max-age soon', usage],
  ['cookie rm app.example.com --yes', done('cookie-rm/1')],
  ['cookie rm app.example.com', usage],
  ['cookie rm app.example.com other', missing('cookie-missing')],
  ['cookie rm other.example', missing('cookie-missing')],
  ['cookie rm --all --yes', done('cookie-rm/1')],
  ['cookie rm --all', usage],
  ['cookie rm --all app.example.com --yes', usage],
  ['cookie rm --yes', usage],
  ['storage list', nothing('has no web storage', 'storage/1')],
  ['storage list other.example', nothing('has no web storage of other.example', 'storage/1')],
  ['storage rm other.example', missing('storage-missing')],
  ['storage rm https://other.example', missing('storage-missing')],
  ['storage rm --all', missing('storage-missing')],
  ['storage rm', usage],
  ['session list', done('sessions/1')],
  ['session show', done('session/1')],
  ['session show other', missing('session-missing')],
  ['session create work', done('session-create/1')],
  ['session create default', { kind: 'error', code: 'name-invalid', exit: 2 }],
  ['session create --ttl soon', usage],
  ['session create --no-renew --ttl 2h', done('session-create/1')],
  ['session create work --no-renew', usage],
  ['session clone default copy', done('session-clone/1')],
  ['session clone default', done('session-clone/1')],
  ['session clone other', missing('session-missing')],
  ['session clone default default', { kind: 'error', code: 'name-invalid', exit: 2 }],
  ['session extend other --by 2h', missing('session-missing')],
  ['session extend --by 2h', usage],
  ['session extend', usage],
  ['session touch', done('session-touch/1')],
  ['session touch other', missing('session-missing')],
  ['session check', usage],
  ['session check other.example', usage],
  ['session mark app.example.com needs-login', done('session-mark/1')],
  ['session mark app.example.com dead', usage],
  ['session mark other.example ok', missing('cookie-missing')],
  ['session prune', nothing('no session has expired', 'session-prune/1')],
  ['session token rotate', nothing('no proxy is running', 'session-token-rotate/1')],
  ['session token rotate nope', missing('session-missing')],
  ['session rm default --yes', done('session-rm/1')],
  ['session rm default', usage],
  ['session rm other', missing('session-missing')],
  ['import', { kind: 'error', code: 'format-invalid', exit: 1 }],
  ['import nope.txt', { kind: 'error', code: 'failed', exit: 1 }],
  ['import cookies.txt', done('import/1')],
  ['import --undo', { kind: 'error', code: 'failed', exit: 1 }],
  ['export', usage],
  ['export --format netscape --out out.txt --reveal', done('export/1')],
  ['export --format netscape --out out.txt --reveal other.example', missing('cookie-missing')],
  ['export --format netscape --out out.txt', usage],
  ['ca show', done('ca/1')],
  ['ca path', done('ca-path/1')],
  ['ca bundle', done('ca-bundle/1')],
  ['ca rotate --yes', done('ca/1')],
  ['ca rotate', usage],
  ['key status', done('key/1')],
  ['key protect file', done('key-protect/1')],
  ['key protect nope', usage],
  ['key rotate', done('key-rotate/1')],
  ['config path', done('config-path/1')],
  ['config check', nothing('the defaults are used', 'config-check/1')],
  ['config check nope.yaml', { kind: 'error', code: 'config-invalid', exit: 3 }],
  ['config show', done('config/1')],
  ['config schema', done('config-schema/1')],
  ['completion bash', done()],
  ['completion nope', usage],
  ['doctor', done('doctor/1')],
]

const leaves = leavesOf(commands)

test('every command is in the table', () => {
  const missing = leaves.filter(({ path }) => !table.some(([line]) => `${line} `.startsWith(`${path} `)))
  expect(missing.map(({ path }) => path)).toEqual([])
})

describe.each(table)('hallpass %s', (line, outcome) => {
  test('does in words what it does as JSON', async () => {
    const inWords = await ran(line)
    expect(inWords).toMatchObject(inText(outcome))
    expect(inWords.stdout + inWords.stderr).not.toBe('')
    const asJson = await ran(`--json ${line}`)
    expect(asJson.status).toBe(inWords.status)
    expectJson(asJson, outcome)
  })
})

describe('a mistake on the command line', () => {
  const lines = leaves.flatMap(({ path, spec }) => [
    [`${path} --bogus`, `unknown option '--bogus'`, path],
    ...(spec.operands?.[0]?.name.startsWith('<') ? [[path, 'missing required argument', path]] : []),
    ...(spec.takesChild || spec.operands?.at(-1)?.name.includes('...')
      ? []
      : [[`${path} ${'x '.repeat(1 + (spec.operands?.length ?? 0))}`.trim(), 'x', path]]),
  ])

  test.each([
    ...lines,
    ['--bogus', "unknown option '--bogus'", ''],
    ['--versoin', 'Did you mean --version?', ''],
    ['-v', 'Did you mean --version or --verbose?', ''],
    ['-q', 'Did you mean --quiet?', ''],
    ['status -s', 'Did you mean --session?', 'status'],
    ['--quiet', 'hallpass needs a command', ''],
    ['--session', "option '--session <name>' argument missing", ''],
    ['stats', 'Did you mean status?', ''],
    ['cookie', 'hallpass cookie needs a subcommand', 'cookie'],
    ['cookie lst', 'Did you mean list?', 'cookie'],
    ['help nope', "no help on 'nope'", ''],
  ])('hallpass %s is named, with the help to read', async (line, names, path) => {
    const words = line.split(' ')
    const help = ['npx', 'hallpass', path, '--help'].filter((word) => word !== '').join(' ')
    const exit = words[0] === 'run' ? 125 : 2
    const cli = await filledHome()
    const { status, stdout, stderr } = await cli.run(words)
    expect({ status, stdout }).toEqual({ status: exit, stdout: '' })
    expect(stderr).toContain(names)
    expect(stderr).toMatch(/^hallpass: error: [^\n]+\nhallpass: hint: [^\n]+\n$/)
    expect(stderr).toContain(`hallpass: hint: ${help}\n`)
  })
})

test.each(['-V', '--version', 'status --version'])('hallpass %s prints the version', async (line) => {
  expect(await ran(line)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

test.each(['', '-h', '--help', 'status -h', 'help status'])('hallpass %s prints help', async (line) => {
  const { status, stdout, stderr } = await ran(line)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^Usage: hallpass/)
})

async function ran(line: string): Promise<Ended> {
  const cli: CommandLine = await filledHome()
  writeFileSync(join(cli.folder, 'cookies.txt'), '.example.com\tTRUE\t/\tFALSE\t0\tnew\tvalue\n')
  return cli.run(line.split(' ').filter((word) => word !== ''))
}

function inText(outcome: Outcome) {
  switch (outcome.kind) {
    case 'done':
      return { status: 0 }
    case 'nothing':
      return { status: 0, stdout: '', stderr: expect.stringContaining(outcome.says) }
    case 'no':
      return { status: 1, stdout: expect.stringMatching(/./) }
    case 'error':
      return {
        status: outcome.exit,
        stdout: '',
        stderr: expect.stringMatching(/^hallpass: error: [^\n]+\nhallpass: hint: [^\n]+\n$/),
      }
  }
}

function expectJson({ stdout, stderr }: Ended, outcome: Outcome): void {
  if (outcome.kind === 'error') {
    expect(stdout).toBe('')
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: outcome.code,
        message: expect.any(String),
        hint: expect.any(String),
        exit: outcome.exit,
      },
    })
  } else if (outcome.schema !== undefined) {
    expect(JSON.parse(stdout)).toMatchObject({ schema: `hallpass.${outcome.schema}` })
  }
}

interface Leaf {
  readonly path: string
  readonly spec: CommandSpec
}

function leavesOf(specs: readonly CommandSpec[], above = ''): readonly Leaf[] {
  return specs.flatMap((spec) => {
    const path = `${above} ${spec.name}`.trim()
    return spec.subcommands === undefined ? [{ path, spec }] : leavesOf(spec.subcommands, path)
  })
}
