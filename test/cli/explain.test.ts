import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { story } from '../support/story.ts'

const secret = 'hunter2hunter2hunter2'

const bearer = (name: string, host: string) => ({
  run: ['token', 'set', name, '--kind', 'bearer', '--host', host],
  stdin: secret,
})

describe('explain', () => {
  it('lists what a request carries, what it does not, and why, without values', () =>
    story(
      [secret],
      [
        bearer('api', 'app.example.com'),
        {
          run: [
            'token',
            'set',
            'csrf',
            '--kind',
            'mirror',
            '--cookie',
            'csrftoken',
            '--header',
            'x-csrf-token',
            '--host',
            'app.example.com',
          ],
        },
        {
          run: ['cookie', 'set', 'https://app.example.com/', 'sid', '--secure', '--http-only'],
          stdin: secret,
        },
        { run: ['cookie', 'set', 'https://app.example.com/', 'csrftoken'], stdin: 'token' },
        { run: ['cookie', 'set', 'https://app.example.com/', 'beta', '--path', '/beta'], stdin: secret },
        {
          run: ['explain', `https://ada:${'pass'}@app.example.com/v1/me?key=value#top`],
          stdout: [
            '  session   default',
            '  host      known: the credential api is for it',
            '  cookies   sid, csrftoken        withheld: beta (path /beta)',
            '  header    authorization (api)',
            '  mirror    x-csrf-token from csrftoken (csrf)',
            '  reveal    script: the client sees new cookies, except http-only ones',
            '',
          ].join('\n'),
        },
        {
          run: ['explain', 'app.example.com/beta?key=value', '--json', '--method', 'post'],
          stdout: {
            schema: 'hallpass.explain/1',
            session: 'default',
            url: 'https://app.example.com/beta?key=…',
            method: 'POST',
            known: true,
            policy: { allowed: true, reason: null },
            rule: null,
            reveal: 'script',
            cookies: {
              attached: [{ name: 'beta', present: true }, { name: 'sid' }, { name: 'csrftoken' }],
              withheld: [],
            },
            credentials: {
              attached: [{ name: 'api', place: 'authorization' }, { name: 'csrf' }],
              withheld: [],
            },
          },
        },
        {
          run: ['explain', 'http://app.example.com/'],
          stdout: /withheld: sid \(.*\).*\n.*withheld +api \(bearer\): not over plain http/,
        },
        { run: ['explain', 'https://example.org/'], stdout: /passes through untouched/ },
        { run: ['explain', 'https://notapp.example.com/'], stdout: /passes through untouched|none/ },
        {
          run: ['explain', 'not a url'],
          status: 2,
          stdout: '',
          stderr: /neither a host nor an http or https URL/,
        },
        { run: ['explain', 'https://a.example/', '--method', 'A B'], status: 2, stdout: '' },
      ],
    ))

  it('says what a page of another site would get in a browser', () =>
    story(
      [secret],
      [
        bearer('api', 'app.example.com'),
        {
          run: ['cookie', 'set', 'https://app.example.com/', 'sid', '--same-site', 'strict'],
          stdin: secret,
        },
        {
          run: ['explain', 'https://app.example.com/', '--from', 'https://evil.example/page?a=b'],
          stdout: [
            '  session   default',
            '  host      known: the credential api is for it',
            '  page      https://evil.example/page?a=… (another site: only cookies with SameSite=None go on)',
            '  cookies   none        withheld: sid (samesite strict: cross-site request)',
            '  withheld  api (bearer): cross-site request',
            '  attached  nothing',
            '  reveal    script: the client sees new cookies, except http-only ones',
            '',
          ].join('\n'),
        },
        {
          run: ['explain', 'https://app.example.com/', '--from', 'www.example.com'],
          stdout: /page +https:\/\/www\.example\.com\/ \(it may use the session: .*\n.*cookies +sid\n.*api/,
        },
        {
          run: ['explain', 'app.example.com', '--from', 'http://app.example.com/', '--json'],
          stdout: { from: 'http://app.example.com/', site: 'cross-site', cookies: { attached: [] } },
        },
        { run: ['explain', 'app.example.com', '--json'], stdout: { from: null, site: 'same-site' } },
        { run: ['explain', 'app.example.com', '--from', 'not a page'], status: 2, stdout: '' },
      ],
    ))

  it('names the rule that decides and the methods that it forbids', async () => {
    const cli = new CommandLine()
    const file = join(cli.home, 'config', 'config.yaml')
    await cli.run(['session', 'list'])
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      'rules:\n  - hosts: ["*.example.com"]\n    reveal: none\n  - hosts: [api.example.com]\n    credential: api\n    allow: [GET /**]\n',
    )
    const get = await cli.run(['explain', 'https://api.example.com/'])
    expect(get.stdout).toMatch(/rule +api\.example\.com \(the most specific of 2 rules for this host\)/)
    expect(get.stdout).toMatch(/withheld +api \(unknown\): .*hallpass token set api/)
    const post = await cli.run(['explain', 'https://api.example.com/', '--method', 'POST'])
    expect(post.status).toBe(0)
    expect(post.stdout).toMatch(
      /policy +refused with 403: the rule for api\.example\.com allows only: GET \/\*\*/,
    )
    expect(get.stdout).toMatch(/removed +fields and parameters that name another method or path/)
    const below = await cli.run(['explain', 'https://www.example.com/'])
    expect(below.stdout).toMatch(/rule +\*\.example\.com \(the only rule/)
    expect(below.stdout).toMatch(/reveal +none/)
    expect(below.stdout).not.toContain('removed')
  })
})
