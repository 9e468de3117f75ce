import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Cookie, RequestUrl } from '../../src/cookies/cookie.ts'
import { Jar } from '../../src/cookies/jar.ts'
import { curl } from '../../src/formats/curl.ts'
import type { GivenCookie } from '../../src/formats/format.ts'
import { allFormats, formatOf } from '../../src/formats/formats.ts'
import { netscape } from '../../src/formats/netscape.ts'
import { Source } from '../../src/formats/source.ts'
import { needs } from '../support/installed.ts'
import { type AnySite, anySite } from './any-site.ts'

const now = Date.now()
const host = 'app.example.com'
const url = `http://${host}/x/y`

const lines = [
  'session=1; Path=/',
  'domain=2; Domain=example.com; Path=/; Max-Age=86400',
  'hidden=3; HttpOnly; Path=/; Max-Age=86400',
  'deep=4; Path=/x; Max-Age=86400',
  'quoted="a b"; Path=/; Max-Age=86400',
  'equals=a=b==; Path=/; Max-Age=86400',
  'utf8=schön; Path=/; Max-Age=86400',
  'empty=; Path=/; Max-Age=86400',
  'never=5; Path=/; Expires=Fri, 31 Dec 9999 23:59:59 GMT',
]

/** Our own jar after the same answer. */
function ownJar(from = url): Jar {
  const jar = new Jar()
  const request: RequestUrl = { scheme: 'http', host: new URL(from).hostname, port: 80, path: '/x/y' }
  for (const line of lines) jar.set(Buffer.from(line, 'utf8').toString('latin1'), { url: request, now })
  return jar
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-formats-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function run(command: string, args: readonly string[], site: AnySite, cwd: string): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: cwd, http_proxy: site.proxy, no_proxy: '', LC_ALL: 'C.UTF-8' }
  await promisify(execFile)(command, [...args], { env, cwd, timeout: 30_000 })
}

const python = (script: string) => ['-c', `import http.cookiejar, urllib.request\n${script}`]

/** It reads the file, and writes it anew in the end. */
function ytDlp(file: string, url: string) {
  return [
    'yt-dlp',
    '--ignore-config',
    '--no-cache-dir',
    '--quiet',
    '--simulate',
    '--cookies',
    file,
    url,
  ] as const
}

/** Each makes a file of the cookies that the site sets. */
const makers: Readonly<
  Record<string, (file: string, from: string) => readonly [command: string, ...args: string[]]>
> = {
  'curl -c': (file, from) => ['curl', '-s', '-c', file, from],
  'wget --save-cookies': (file, from) => [
    'wget',
    '-q',
    '-O',
    '/dev/null',
    '--keep-session-cookies',
    '--save-cookies',
    file,
    from,
  ],
  MozillaCookieJar: (file, from) => [
    'python3',
    ...python(`jar = http.cookiejar.MozillaCookieJar('${file}')
urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open('${from}').read()
jar.save(ignore_discard=True)`),
  ],
  'yt-dlp --cookies': ytDlp,
} as const

/** Each sends the cookies of a file to the URL. */
const users: Readonly<
  Record<string, (file: string, to: string) => readonly [command: string, ...args: string[]]>
> = {
  'curl -b': (file, to) => ['curl', '-s', '-b', file, to],
  'wget --load-cookies': (file, to) => ['wget', '-q', '-O', '/dev/null', '--load-cookies', file, to],
  MozillaCookieJar: (file, to) => [
    'python3',
    ...python(`policy = http.cookiejar.DefaultCookiePolicy(strict_ns_domain=http.cookiejar.DefaultCookiePolicy.DomainStrict)
jar = http.cookiejar.MozillaCookieJar('${file}', policy=policy)
jar.load(ignore_discard=True)
urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open('${to}').read()`),
  ],
  'yt-dlp --cookies': ytDlp,
}

/** wget reads curl's mark for HttpOnly as a comment; Python takes the 0 of a session cookie for 1970. */
const leftOut: Readonly<Record<string, readonly string[]>> = { wget: ['hidden'], python3: ['session'] }

/** The members that a cookies.txt of that tool holds. */
const plain = ({ name, value, domain, hostOnly, path, httpOnly, expiresAt }: GivenCookie | Cookie) => ({
  name,
  value,
  domain,
  hostOnly,
  path,
  httpOnly,
  lives: expiresAt === undefined ? 'session' : expiresAt > now,
})
const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

describe.each(Object.entries(makers))('a file made by %s', (name, make) => {
  test.for([url, 'http://localhost/x/y'])(
    'of %s is recognised and read as the tool meant it',
    async (from, context) => {
      const folder = scratch()
      const file = join(folder, 'made.txt')
      const [command, ...args] = make(file, from)
      needs(context, command)
      const site = await anySite(lines)
      await run(command, args, site, folder)
      const source = new Source(readFileSync(file))
      expect(formatOf(source, await allFormats()).name).toBe('netscape')
      const { cookies, skipped } = netscape.read(source, { now })
      expect(skipped).toEqual([])
      // wget, Python and yt-dlp write no HttpOnly; the latter two keep the bytes of a value as the UTF-8 of each.
      const expected = ownJar(from)
        .all()
        .map(plain)
        .map((cookie) => ({
          ...cookie,
          httpOnly: name === 'curl -c' && cookie.httpOnly,
          ...(['MozillaCookieJar', 'yt-dlp --cookies'].includes(name) && cookie.name === 'utf8'
            ? { value: Buffer.from(cookie.value, 'utf8').toString('latin1') }
            : {}),
        }))
      expect(cookies.map(({ cookie }) => plain(cookie)).sort(byName)).toEqual(expected.sort(byName))
    },
  )
})

describe.each(Object.entries(users))('an exported cookies.txt with %s', (name, use) => {
  // yt-dlp takes a host's own cookies to the hosts below it, too: Python does too, unless its policy is strict.
  const below = name === 'yt-dlp --cookies' ? [] : ['http://other.app.example.com/']
  test.for([url, ...below, 'http://example.com/x', 'http://elsewhere.test/'])(
    'goes to %s as from our own jar',
    async (to, context) => {
      const folder = scratch()
      const file = join(folder, 'exported.txt')
      const jar = ownJar()
      const given = jar.all().filter(({ name }) => name !== 'utf8')
      writeFileSync(file, netscape.write?.({ cookies: given, origins: [] }, now).bytes ?? '')
      const site = await anySite([])
      const [command, ...args] = use(file, to)
      needs(context, command)
      await run(command, args, site, folder)
      const { hostname, pathname } = new URL(to)
      const request: RequestUrl = { scheme: 'http', host: hostname, port: 80, path: pathname }
      const own = jar
        .select(request, { now, site: 'same-site' })
        .attached.filter(({ name }) => name !== 'utf8')
      const sent = site.cookies[0] ?? ''
      const pairs = sent === '' ? [] : sent.split('; ')
      const left = leftOut[command] ?? []
      expect(pairs.sort()).toEqual(
        own
          .filter(({ name }) => !left.includes(name))
          .map(({ name, value }) => `${name}=${value}`)
          .sort(),
      )
    },
  )
})

test('bytes that are no ASCII come back from curl as they went', async (context) => {
  needs(context, 'curl')
  const folder = scratch()
  const file = join(folder, 'exported.txt')
  const cookies = ownJar().all()
  writeFileSync(file, netscape.write?.({ cookies, origins: [] }, now).bytes ?? '')
  const site = await anySite([])
  await run('curl', ['-s', '-b', file, url], site, folder)
  expect(site.cookies[0]).toContain(`utf8=${Buffer.from('schön', 'utf8').toString('latin1')}`)
})

test('curl -K sends an exported request as the proxy would', async (context) => {
  needs(context, 'curl')
  const folder = scratch()
  const file = join(folder, 'request.curl')
  const jar = ownJar()
  const request: RequestUrl = { scheme: 'http', host, port: 80, path: '/x/y' }
  const { attached } = jar.select(request, { now, site: 'same-site' })
  const cookies = [...attached, { ...attached[0], name: 'odd', value: 'a\\b"c\td' } as Cookie]
  writeFileSync(file, curl.write?.({ cookies, origins: [], url }, now).bytes ?? '')
  const site = await anySite([])
  await run('curl', ['-s', '-K', file], site, folder)
  expect(site.cookies).toEqual([cookies.map(({ name, value }) => `${name}=${value}`).join('; ')])
})

test('curl says of each of its options whether it has a value, as we take them', async (context) => {
  needs(context, 'curl')
  const { stdout } = await promisify(execFile)('curl', ['--help', 'all'])
  const options = [...stdout.matchAll(/^ +(?:-., )?(--[\w.-]+) (<|\[|)/gm)]
  expect(options.length).toBeGreaterThan(200)
  const wrong = options.filter(([, option, value]) => {
    if (['--url', '--cookie', '--next'].includes(option ?? '')) return false
    const text = `curl ${option} https://first.test/ -b a=b https://second.test/`
    const [read] = curl.read(new Source(Buffer.from(text)), { now }).cookies
    return read?.cookie.domain !== (value === '' ? 'first.test' : 'second.test')
  })
  expect(wrong.map(([, option]) => option)).toEqual([])
})
