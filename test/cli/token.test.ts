import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'vitest'
import { story } from '../support/story.ts'

const secret = 'hunter2/hunter2+hunter2'
const other = 'correct-horse-battery'

const set = (name: string, kind: string, ...more: string[]) => ['token', 'set', name, '--kind', kind, ...more]

describe('token', () => {
  it('keeps a value from stdin, lists it without, prints it when asked, removes it', () =>
    story(
      [secret, other],
      [
        { run: ['token', 'list'], stdout: '', stderr: /no credentials\n.*hint: .*token set NAME/ },
        {
          run: set('api', 'bearer', '--host', 'api.example.com', '*.example.org:8443'),
          stdin: `${secret}\n`,
          stdout: '',
          stderr:
            'hallpass: kept api (bearer) for api.example.com, *.example.org:8443, in the session default\n',
        },
        {
          run: ['token', 'list'],
          stdout:
            /^api {2}bearer {2}authorization {2}api\.example\.com \*\.example\.org:8443 {2}[0-9a-f]{4}\n$/,
        },
        {
          run: ['token', 'list', '--json'],
          stdout: {
            schema: 'hallpass.tokens/1',
            session: 'default',
            tokens: [{ name: 'api', kind: 'bearer', present: true, expires: null, origin: 'session' }],
          },
        },
        { run: ['token', 'get', 'api'], stdout: `${secret}\n`, stderr: '', reveals: true },
        {
          run: ['token', 'get', 'api', '--json'],
          stdout: { schema: 'hallpass.token/1', name: 'api', present: true },
        },
        { run: ['token', 'get', 'api', '--json', '--reveal'], stdout: { value: secret }, reveals: true },
        // A new value; all else stays.
        { run: ['token', 'set', 'api'], stdin: other },
        { run: ['token', 'get', 'api'], stdout: `${other}\n`, reveals: true },
        {
          run: set('api', 'basic', '--host', 'api.example.com'),
          stdin: 'ada:x',
          status: 2,
          stderr: /error: "api" is of the kind bearer, and its value would be lost\n.*hint: .*token rm api\n/,
        },
        { run: ['token', 'get', 'api'], stdout: `${other}\n`, reveals: true },
        { run: ['token', 'list'], stdout: /\*\.example\.org:8443/ },
        {
          run: ['token', 'rm', 'api'],
          status: 2,
          stdout: '',
          stderr: /error: .*--yes answers yes to: Remove the credential "api"/,
        },
        { run: ['token', 'rm', 'api', '--yes'], stderr: 'hallpass: removed api\n' },
        {
          run: ['token', 'get', 'api'],
          status: 4,
          stdout: '',
          stderr:
            /^hallpass: error: the session has no credential "api"\nhallpass: hint: .*hallpass token list\n$/,
        },
      ],
    ))

  it('takes each kind with what it needs', () =>
    story(
      [secret],
      [
        { run: set('pair', 'basic', '--host', 'a.example'), stdin: `ada:${secret}` },
        { run: ['token', 'get', 'pair'], stdout: `ada:${secret}\n`, reveals: true },
        {
          run: set('pair', 'basic', '--host', 'a.example'),
          stdin: JSON.stringify({ user: 'ada', password: `${secret}:` }),
        },
        { run: ['token', 'get', 'pair'], stdout: `ada:${secret}:\n`, reveals: true },
        { run: set('head', 'header', '--header', 'X-Api-Key', '--host', 'b.example'), stdin: secret },
        { run: set('key', 'query', '--param', 'key', '--host', 'c.example', '--allow-http'), stdin: secret },
        {
          run: set(
            'csrf',
            'mirror',
            '--cookie',
            'ct0',
            '--header',
            'x-csrf-token',
            '--host',
            'd.example',
            '--no-override',
          ),
        },
        {
          run: ['token', 'list', '--json'],
          stdout: {
            tokens: [
              { name: 'csrf', kind: 'mirror', place: 'x-csrf-token' },
              { name: 'head', kind: 'header', place: 'x-api-key' },
              { name: 'key', kind: 'query', place: '?key' },
              { name: 'pair', kind: 'basic', place: 'authorization' },
            ],
          },
        },
        { run: ['explain', 'http://c.example/'], stdout: /query +\?key \(key\)/ },
        { run: ['explain', 'https://d.example/'], stdout: /mirror .*unless the client sends its own/ },
        {
          run: ['token', 'get', 'csrf'],
          status: 4,
          stdout: '',
          stderr: /"csrf" has no value: .*no value of its own/,
        },
      ],
    ))

  it('takes signatures from JSON on stdin, and explains them', () => {
    const consumer = { consumerKey: 'key-1', consumerSecret: secret, token: 'token-1', tokenSecret: other }
    const keys = { AccessKeyId: 'AKID', SecretAccessKey: secret, SessionToken: other, Version: 1 }
    return story(
      [secret, other],
      [
        {
          run: set('post', 'oauth1', '--signature-method', 'HMAC-SHA256', '--host', 'a.example'),
          stdin: JSON.stringify(consumer),
        },
        { run: ['token', 'get', 'post'], stdout: consumer, reveals: true },
        { run: ['explain', 'https://a.example/'], stdout: /signature +authorization \(post, oauth1, .*form/ },
        {
          run: set('store', 'sigv4', '--region', 'eu-central-1', '--service', 's3', '--host', 'b.example'),
          // As the AWS tools print it.
          stdin: JSON.stringify(keys),
        },
        {
          run: ['token', 'get', 'store'],
          stdout: { accessKeyId: 'AKID', sessionToken: other },
          reveals: true,
        },
        {
          run: ['explain', 'https://b.example/', '--json'],
          stdout: { credentials: { attached: [{ name: 'store', kind: 'sigv4', signs_body: 'hash' }] } },
        },
        {
          run: ['token', 'refresh', 'store'],
          status: 2,
          stdout: '',
          stderr: /"store" is of the kind sigv4, which is never refreshed/,
        },
        {
          run: set('store', 'sigv4', '--host', 'b.example'),
          stdin: JSON.stringify({ accessKeyId: 'AKID' }),
          status: 2,
          stderr: /error: the value must be .*"secretAccessKey"/,
        },
      ],
    )
  })

  it('takes a placeholder, and explains where it becomes the value and where it is refused', () => {
    const dummy = 'sk-placeholder-0000'
    return story(
      [secret],
      [
        { run: set('api', 'bearer', '--host', 'b.example'), stdin: secret },
        { run: set('model', 'placeholder', '--placeholder', dummy, '--host', 'c.example'), stdin: secret },
        { run: ['token', 'list'], stdout: /model +placeholder +placeholder:sk-placeholder-0000 +c\.example/ },
        {
          run: ['explain', 'https://c.example/'],
          stdout: /placeholder +sk-placeholder-0000 \(model, only if the client sends/,
        },
        {
          run: ['explain', 'https://c.example/', '--json'],
          stdout: { credentials: { attached: [{ name: 'model', placeholder: dummy, signs_body: null }] } },
        },
        {
          run: ['explain', 'https://b.example/'],
          stdout:
            /refused +a request with the placeholder sk-placeholder-0000 \(model\): it is only for c\.example/,
        },
        {
          run: ['explain', 'https://b.example/', '--json'],
          stdout: { refused_placeholders: [{ name: 'model', placeholder: dummy }] },
        },
      ],
    )
  })

  it('says what is wrong in terms of the flags, and asks for no value in vain', () =>
    story(
      [secret],
      [
        {
          run: ['token', 'set', 'api'],
          status: 2,
          stderr: /the kind of "api" is missing: name it with --kind/,
        },
        {
          run: set('api', 'bearer'),
          stdin: secret,
          status: 2,
          stderr: /"api" needs hosts: name them with --host/,
        },
        {
          run: set('api', 'barer', '--host', 'a.example'),
          status: 2,
          stderr: /Allowed choices are bearer, basic/,
        },
        {
          run: set('api', 'query', '--host', 'a.example'),
          status: 2,
          stderr: /the kind query needs --param\n/,
        },
        {
          run: set('api', 'header', '--host', 'a.example'),
          status: 2,
          stderr: /the kind header needs --header\n/,
        },
        {
          run: set('api', 'bearer', '--host', 'a.example', '--param', 'key'),
          status: 2,
          stderr: /--param does not apply to the kind bearer/,
        },
        {
          run: set('api', 'bearer', '--host', 'https://a.example/'),
          status: 2,
          stderr: /--host: .* is a URL or has a path/,
        },
        {
          run: set('api', 'header', '--header', 'Host', '--host', 'a.example'),
          status: 2,
          stderr: /error: --header: /,
        },
        {
          run: set('api', 'bearer', '--host', 'a.example'),
          status: 2,
          stderr: /is missing: stdin is empty/,
        },
        {
          run: set('../x', 'bearer', '--host', 'a.example'),
          stdin: secret,
          status: 2,
          stderr: /cannot be the name of a credential/,
        },
        {
          run: set('constructor', 'bearer', '--host', 'a.example'),
          stdin: secret,
          status: 2,
          stderr: /cannot be the name/,
        },
        // The value never shows, whatever is wrong with it.
        {
          run: set('api', 'bearer', '--host', 'a.example'),
          stdin: `${secret}\r\nHost: evil`,
          status: 2,
          stderr: /control character/,
        },
        {
          run: set('api', 'basic', '--host', 'a.example'),
          stdin: secret,
          status: 2,
          stderr: /the value has no colon/,
        },
        {
          run: set('api', 'oauth2', '--issuer', 'ftp://a.example', '--host', 'a.example'),
          status: 2,
          stderr: /error: --issuer: must be an https URL/,
        },
        {
          run: set('api', 'mirror', '--cookie', 'a;b', '--header', 'x-a', '--host', 'a.example'),
          status: 2,
          stderr: /--cookie: /,
        },
        { run: ['token', 'list'], stdout: '' },
      ],
    ))

  it('fails as JSON when JSON was asked for', () =>
    story(
      [],
      [
        {
          run: ['token', 'get', 'nope', '--json'],
          status: 4,
          stdout: '',
          stderr: /^\{"error":\{"code":"credential-missing","message":".*","hint":".*","exit":4\}\}\n$/,
        },
        {
          run: ['token', 'list', '--session', 'nope'],
          status: 4,
          stdout: '',
          stderr: /there is no session "nope"/,
        },
      ],
    ))

  it('takes a definition from the configuration, and only the value from stdin', async () => {
    const cli = await story([], [])
    const file = join(cli.home, 'config', 'config.yaml')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'credentials:\n  maps: { kind: query, param: key, hosts: [maps.example.com] }\n')
    const run = async (args: string[], stdin = '') => cli.run(args, { stdin })
    const expected = async (args: string[], stdin: string, status: number, out: RegExp) => {
      const { status: found, stdout, stderr } = await run(args, stdin)
      if (found !== status || !out.test(stdout + stderr))
        throw new Error(`${args.join(' ')}: ${found} ${stdout}${stderr}`)
    }
    await expected(['token', 'list'], '', 0, /^maps {2}query {2}\?key {2}maps\.example\.com {2}- {2}no value/)
    await expected(['token', 'set', 'maps'], secret, 0, /kept maps \(query\) for maps\.example\.com/)
    await expected(
      ['token', 'set', 'maps', '--param', 'q'],
      secret,
      2,
      /the configuration defines "maps": change param there/,
    )
    await expected(['explain', 'https://maps.example.com/'], '', 0, /query +\?key \(maps\)/)
  })
})
