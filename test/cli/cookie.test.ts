import { describe, it } from 'vitest'
import { story } from '../support/story.ts'

const secret = 'hunter2hunter2hunter2'

const set = (...args: string[]) => ['cookie', 'set', ...args]

describe('cookie', () => {
  it('keeps a value from stdin, lists it without, prints it when asked, removes it', () =>
    story(
      [secret],
      [
        { run: ['cookie', 'list'], stdout: '', stderr: 'hallpass: the session default has no cookies\n' },
        {
          run: set(
            'https://app.example.com/',
            'sid',
            '--secure',
            '--http-only',
            '--same-site',
            'lax',
            '--max-age',
            '3600',
          ),
          stdin: `${secret}\n`,
          stdout: '',
          stderr: 'hallpass: kept sid for app.example.com, expires in 1 h, in the session default\n',
        },
        {
          run: set('https://app.example.com/', 'lang', '--domain', 'example.com', '--path', '/app'),
          stdin: 'de',
        },
        { run: set('https://other.example/', 'sid'), stdin: secret },
        {
          run: ['cookie', 'list'],
          stdout:
            /^lang {2}\.example\.com +\/app {2}session +[0-9a-f]{4}\nsid +app\.example\.com +\/ +in (1 h|59 min) +secure http-only lax {2}[0-9a-f]{4}\nsid +other\.example +\/ +session +[0-9a-f]{4}\n$/,
        },
        {
          run: ['cookie', 'list', 'app.example.com', '--json'],
          stdout: {
            schema: 'hallpass.cookies/1',
            session: 'default',
            site: 'app.example.com',
            cookies: [
              {
                name: 'lang',
                domain: 'example.com',
                host_only: false,
                path: '/app',
                present: true,
                expires: null,
              },
              {
                name: 'sid',
                domain: 'app.example.com',
                host_only: true,
                http_only: true,
                same_site: 'lax',
                expired: false,
              },
            ],
          },
        },
        {
          run: ['cookie', 'list', 'https://other.example/path', '--reveal'],
          stdout: new RegExp(secret),
          reveals: true,
        },
        {
          run: ['cookie', 'get', 'https://app.example.com/me', 'sid'],
          stdout: `${secret}\n`,
          stderr: '',
          reveals: true,
        },
        {
          run: ['cookie', 'get', 'https://app.example.com/me', 'sid', '--json'],
          stdout: { schema: 'hallpass.cookie/1', present: true },
        },
        {
          run: ['cookie', 'get', 'app.example.com', 'sid', '--json', '--reveal'],
          stdout: { value: secret },
          reveals: true,
        },
        // What a request would not carry is not there to get.
        {
          run: ['cookie', 'get', 'http://app.example.com/', 'sid'],
          status: 4,
          stdout: '',
          stderr: /carries no cookie "sid"/,
        },
        { run: ['cookie', 'get', 'https://app.example.com/', 'lang'], status: 4, stdout: '' },
        { run: ['cookie', 'get', 'https://app.example.com/app', 'lang'], stdout: 'de\n' },
        {
          run: ['cookie', 'rm', 'app.example.com', 'sid'],
          status: 2,
          stdout: '',
          stderr: /--yes answers yes to: Remove 1 cookie of app\.example\.com/,
        },
        {
          run: ['cookie', 'rm', 'app.example.com', 'sid', '--yes'],
          stderr: 'hallpass: removed 1 cookie of app.example.com\n',
        },
        {
          run: ['cookie', 'rm', 'app.example.com', 'sid', '--yes'],
          status: 4,
          stderr: /has no cookie "sid" of app\.example\.com/,
        },
        {
          run: ['cookie', 'rm', 'example.com', '--yes', '--json'],
          stdout: { schema: 'hallpass.cookie-rm/1', removed: 1 },
        },
        {
          run: ['cookie', 'rm', 'example.com', '--yes'],
          status: 4,
          stderr: /has no cookies of example\.com/,
        },
        { run: ['cookie', 'list'], stdout: /^sid {2}other\.example .*\n$/ },
        {
          run: ['cookie', 'rm', '--all', '--yes'],
          stderr: 'hallpass: removed 1 cookie of all sites\n',
        },
        { run: ['cookie', 'rm', '--all', '--yes'], status: 4, stderr: /has no cookies\n/ },
        { run: ['cookie', 'list'], stdout: '' },
        { run: ['cookie', 'list', '--session', 'nope'], status: 4, stdout: '' },
      ],
    ))

  it('refuses what a browser refuses, with the rule, and never shows the value', () =>
    story(
      [secret],
      [
        { run: set('http://a.example/', 'sid', '--secure'), stdin: secret, status: 1, stderr: /refused: / },
        {
          run: set('https://a.example/', '__Host-sid'),
          stdin: secret,
          status: 1,
          stderr: /the cookie was refused: /,
        },
        {
          run: set('https://a.example/', 'sid', '--domain', 'b.example'),
          stdin: secret,
          status: 1,
          stderr: /the cookie was refused: /,
        },
        {
          run: set('https://a.co.uk/', 'sid', '--domain', 'co.uk'),
          stdin: secret,
          status: 1,
          stderr: /the cookie was refused: /,
        },
        {
          run: set('https://a.example/', 'si;d'),
          stdin: secret,
          status: 1,
          stderr: /the cookie was refused: /,
        },
        {
          run: set('https://a.example/', 'sid'),
          stdin: `${secret}; Domain=example`,
          status: 1,
          stderr: /the cookie was refused: /,
        },
        {
          run: set('https://a.example/', 'sid'),
          stdin: `${secret}\u0007`,
          status: 1,
          stderr: /the cookie was refused: /,
        },
        {
          run: set('https://a.example/', 'sid', '--max-age', 'soon'),
          stdin: secret,
          status: 2,
          stderr: /--max-age must be a whole number/,
        },
        {
          run: set('https://a.example/', 'sid', '--same-site', 'maybe'),
          stdin: secret,
          status: 2,
          stderr: /strict, lax, none/,
        },
        {
          run: set('ftp://a.example/', 'sid'),
          stdin: secret,
          status: 2,
          stderr: /neither a host nor an http or https URL/,
        },
        { run: set('https://a.example/', 'sid'), status: 2, stderr: /stdin is empty/ },
        { run: ['cookie', 'list'], stdout: '' },
      ],
    ))

  it('prints bytes as they were given, and nothing that drives a terminal in a list', () =>
    story(
      [],
      [
        { run: set('https://a.example/', 'grüße'), stdin: 'schön' },
        { run: ['cookie', 'get', 'https://a.example/', 'grüße'], stdout: 'schön\n' },
        { run: ['cookie', 'list', '--reveal'], stdout: /^grüße .*schön\n$/ },
        { run: set('https://b.example/', 'x'), stdin: 'a\u009b2Jb' },
        { run: ['cookie', 'list', 'b.example', '--reveal'], stdout: /a\\x9b2Jb\n$/ },
      ],
    ))
})
