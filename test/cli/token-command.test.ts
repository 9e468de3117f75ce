import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { filesBelow } from '../support/story.ts'

/** The value of a run. The program does not contain it, so a search for it finds only what hallpass wrote. */
const valueIn = (run: number) => `printed-${run}-value-9c41`
const curl = [
  'curl',
  '-s',
  '--noproxy',
  '',
  '-o',
  '/dev/null',
  '-w',
  '%{http_code} %header{hallpass-session}\n',
]

/** A program that counts its runs and prints another value in each, and an origin that takes some values. */
async function world() {
  const cli = new CommandLine()
  const program = join(cli.folder, 'print token')
  const counter = join(cli.folder, 'runs')
  const works = (last: string) => {
    // cat ends only if stdin is closed.
    const lines = ['#!/bin/sh', 'cat', `echo >> '${counter}'`, `run=$(wc -l < '${counter}')`, last]
    writeFileSync(program, `${lines.join('\n')}\n`)
    chmodSync(program, 0o700)
  }
  works('sleep 1; echo "printed-$((run))-value-9c41"')
  const seen: string[] = []
  const refused = new Set<string>()
  const origin = await httpOrigin(({ headers }, response) => {
    const value = `${headers.authorization ?? headers['x-key'] ?? 'nothing'}`.replace('Bearer ', '')
    seen.push(value)
    response.writeHead(refused.has(value) ? 401 : 200).end()
  })
  return {
    cli,
    command: `'${program}'`,
    works,
    seen,
    refused,
    url: `http://127.0.0.1:${origin.port}/`,
    runs: () => (existsSync(counter) ? readFileSync(counter, 'utf8').length : 0),
    forget: () => rmSync(counter, { force: true }),
    set: (...more: string[]) =>
      cli.run(['token', 'set', 'api', '--from-command', `'${program}'`, '--host', '127.0.0.1', ...more]),
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
}

describe('a credential whose value a command prints', () => {
  testWith('curl')('runs once for all requests that wait, and is written nowhere', async () => {
    await using w = await world()
    const kept = await w.set('--kind', 'bearer')
    expect(kept.stderr).toMatch(/kept api \(bearer\) for 127\.0\.0\.1.*: expires in 1 h/)
    w.forget()
    await w.cli.run(['start', '--background'])
    const first = await w.cli.run([
      'run',
      '--',
      ...curl,
      '--parallel',
      '--parallel-immediate',
      ...Array(4).fill([w.url, '-o', '/dev/null']).flat(),
    ])
    expect(first.stdout).toBe('200 \n'.repeat(4))
    await w.cli.run(['run', '--', ...curl, w.url])
    expect(w.seen).toEqual(Array(5).fill(valueIn(1)))
    expect(w.runs()).toBe(1)
    const list = await w.cli.run(['token', 'list'])
    expect(list.stdout).toContain('no value yet: the first request runs')
    const get = await w.cli.run(['token', 'get', 'api'])
    expect(get.stdout).toBe(`${valueIn(2)}\n`)
    await w.cli.run(['stop'])
    for (const file of filesBelow(w.cli.folder)) {
      const text = readFileSync(file, 'latin1')
      for (const run of [1, 2]) expect([file, text.includes(valueIn(run))]).toEqual([file, false])
    }
  })

  testWith('curl').each([
    ['Authorization', ['--kind', 'bearer']],
    ['another header', ['--kind', 'header', '--header', 'X-Key']],
  ])('runs again after a 401, and the request goes once more, in %s', async (_, kind) => {
    await using w = await world()
    await w.set(...kind)
    w.forget()
    w.refused.add(valueIn(1))
    const { stdout } = await w.cli.run(['run', '--', ...curl, w.url])
    expect(stdout).toBe('200 \n')
    expect(w.seen).toEqual([valueIn(1), valueIn(2)])
  })

  testWith('curl')('is not run for each 401, if it prints the same value again', async () => {
    await using w = await world()
    w.works('echo same-value-5d20')
    await w.set('--kind', 'bearer')
    w.forget()
    w.refused.add('same-value-5d20')
    const { stdout } = await w.cli.run(['run', '--', ...curl, w.url, '-o', '/dev/null', w.url])
    expect(stdout).toBe('401 \n401 \n')
    expect(w.runs()).toBe(2)
  })

  testWith('curl')(
    'needs a login when the command fails, with its last line as the reason and the command as the hint',
    async () => {
      await using w = await world()
      w.works(
        'echo value-of-failure-77; echo "first" >&2; printf "\\033[2Jnot signed in: value-of-failure-77\\n" >&2; exit 4',
      )
      const reason = String.raw`print token ended with exit status 4: \\x1b\[2Jnot signed in: \S+`
      const kept = await w.set('--kind', 'bearer')
      expect(kept.status).toBe(4)
      expect(kept.stderr).toMatch(new RegExp(`needs login: .*${reason}\n`))
      expect(kept.stderr).toMatch(new RegExp(`error: .*${reason}\nhallpass: hint: '.*print token'\n$`))
      await w.cli.run(['start', '--background'])
      const run = await w.cli.run(['run', '--', ...curl, w.url])
      expect(run.stdout).toBe('200 needs-login\n')
      expect(w.seen).toEqual(['nothing'])
      const error = 'error: the credential "api" of the session "default" needs a login'
      expect(run.stderr).toMatch(new RegExp(`${error}: .*${reason}\nhallpass: hint: '.*print token'\n`))
      const status = await w.cli.run(['status'])
      expect(status.stdout).toMatch(new RegExp(reason))
      const get = await w.cli.run(['token', 'get', 'api'])
      expect([get.status, get.stdout]).toEqual([4, ''])
      const all = [kept, run, status, get].map(({ stdout, stderr }) => stdout + stderr).join('')
      expect(all).not.toContain('value-of-failure-77')
    },
  )

  testWith('curl')('can be defined in the configuration', async () => {
    await using w = await world()
    const file = join(w.cli.home, 'config', 'config.yaml')
    await w.cli.run(['session', 'list'])
    mkdirSync(dirname(file), { recursive: true })
    const api = { kind: 'bearer', hosts: ['127.0.0.1'], fromCommand: w.command }
    writeFileSync(file, JSON.stringify({ credentials: { api } }), { mode: 0o600 })
    const { stdout } = await w.cli.run(['run', '--', ...curl, w.url])
    expect(stdout).toBe('200 \n')
    expect(w.seen).toEqual([valueIn(1)])
  })
})
