import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { outcomeLine } from '../../src/cli/commands/run/say-outcome.ts'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'

const curl = ['curl', '-s', '-o', '/dev/null', '--noproxy', '']

async function world() {
  const cli = new CommandLine()
  const origin = await httpOrigin((_, response) => {
    response.setHeader('Set-Cookie', 'sid=1; HttpOnly').end('ok')
  })
  return {
    cli,
    origin,
    url: `http://127.0.0.1:${origin.port}/`,
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
}

/** With a running proxy and with one of its own. */
const ways = ['with a running proxy', 'with a proxy of its own'] as const

async function begin(cli: CommandLine, way: (typeof ways)[number]): Promise<void> {
  if (way === 'with a running proxy') await cli.run(['start', '--background'])
  else await cli.run(['session', 'list'])
}

describe('run says after the child', () => {
  testWith('curl').each(ways)('what it captured, %s', async (way) => {
    await using w = await world()
    await begin(w.cli, way)
    const { stderr } = await w.cli.run(['run', '--capture', '127.0.0.1', '--', ...curl, w.url])
    expect(stderr).toBe('hallpass: captured sid for 127.0.0.1\n')
  })

  testWith('curl').each(ways)('what it did not attach, once, with the reason, %s', async (way) => {
    await using w = await world()
    const file = join(w.cli.home, 'config', 'config.yaml')
    await begin(w.cli, way)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'rules:\n  - hosts: ["127.0.0.1"]\n    credential: gone\n', { mode: 0o600 })
    const { stderr } = await w.cli.run(['run', '--', ...curl, w.url, '-o', '/dev/null', w.url])
    expect(stderr.split('\n')).toEqual([
      `hallpass: warning: gone was not attached to ${new URL(w.url).host}: the rule names it, but the session does not have it: hallpass token set gone`,
      `hallpass: hint: npx hallpass explain ${w.url}`,
      'hallpass: captured sid for 127.0.0.1; did not attach gone',
      '',
    ])
    const quiet = await w.cli.run(['run', '--quiet', '--', ...curl, w.url])
    expect(quiet.stderr).toBe('')
    if (way === 'with a proxy of its own') return
    const status = await w.cli.run(['status'])
    expect(status.stdout).toContain(
      `gone of the session "default" was not attached to ${new URL(w.url).host} (3 times, `,
    )
    expect(JSON.parse((await w.cli.run(['status', '--json'])).stdout).not_attached).toMatchObject([
      { name: 'gone', url: w.url, count: 3 },
    ])
  })

  testWith('curl').each(ways)('why it refused a CONNECT, which curl does not show, %s', async (way) => {
    await using w = await world()
    await begin(w.cli, way)
    const words = ['run', '--only', 'a.example', '--strict', '--', ...curl, 'https://b.example/']
    const { status, stderr } = await w.cli.run(words)
    expect(status).toBe(56)
    expect(stderr.split('\n')).toEqual([
      'hallpass: warning: CONNECT b.example is not allowed: --strict allows only the hosts of --only',
      'hallpass: hint: npx hallpass run --only b.example --strict -- COMMAND',
      'hallpass: refused 1 request',
      '',
    ])
    if (way === 'with a proxy of its own') return
    expect((await w.cli.run(['status'])).stdout).toMatch(/^answered +CONNECT b\.example is not allowed: /m)
  })

  testWith('curl').each(ways)(
    'nothing after plain success, unless --summary asks for it, %s',
    async (way) => {
      await using w = await world()
      await begin(w.cli, way)
      expect((await w.cli.run(['run', '--', ...curl, w.url])).stderr).toBe('')
      const { stderr } = await w.cli.run(['run', '--summary', '--', ...curl, w.url])
      expect(stderr).toBe('hallpass: 1 request, 0 with something of the session\n')
    },
  )
})

test.each([
  [
    { requests: 3, attached: 2, tunnels: 1 },
    true,
    '3 requests, 2 with something of the session; 1 connection passed through',
  ],
  [
    {
      answers: [
        { code: 'policy', count: 2 },
        { code: 'upstream-timeout', count: 1 },
      ],
    },
    false,
    'refused 2 requests; failed at 1 request',
  ],
  [
    { captured: [{ host: 'a.test', names: ['a', 'b', 'c', 'd', 'e', 'f'] }] },
    false,
    'captured 6 cookies for a.test',
  ],
  [
    { captured: ['a', 'b', 'c', 'd'].map((host) => ({ host, names: ['x', 'y'] })) },
    false,
    'captured 8 cookies of 4 hosts',
  ],
  [{ needsLogin: [{ name: 'github' }] }, false, ''],
  [
    { needsLogin: [{ name: 'github' }] },
    true,
    '0 requests, 0 with something of the session; needs a login: github',
  ],
])('%j (always: %s) is said as %j', (outcome, always, line) => {
  const none = {
    requests: 0,
    attached: 0,
    tunnels: 0,
    captured: [],
    answers: [],
    notAttached: [],
    needsLogin: [],
    siteLogins: [],
  }
  expect(outcomeLine({ ...none, ...outcome } as Parameters<typeof outcomeLine>[0], always)).toBe(line)
})
