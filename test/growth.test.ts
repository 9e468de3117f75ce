import type { PeerCertificate } from 'node:tls'
import { expect, it } from 'vitest'
import { parseCookieHeader } from '../src/cookies/cookie-header.ts'
import { Jar } from '../src/cookies/jar.ts'
import { parseSetCookie } from '../src/cookies/set-cookie.ts'
import { siteOf } from '../src/cookies/site.ts'
import { allFormats } from '../src/formats/formats.ts'
import { Source } from '../src/formats/source.ts'
import { plainChunkLine } from '../src/http1/chunk-line.ts'
import { responseHeadLimits } from '../src/http1/limits.ts'
import { readResponseHead } from '../src/http1/read-response-head.ts'
import { parseRequestHead } from '../src/http1/request-head.ts'
import { parseRequestTarget } from '../src/http1/request-target.ts'
import { parseResponseHead } from '../src/http1/response-head.ts'
import { mendTrailers } from '../src/http1/trailers.ts'
import { printable, withoutQueryValues } from '../src/log/printable.ts'
import { checkServerIdentity } from '../src/net/server-identity.ts'
import { applyPlan, type SendContext } from '../src/plan/apply.ts'
import { captureInto } from '../src/plan/capture.ts'
import { type Plan, plan } from '../src/plan/plan.ts'
import { matchesRequest, parseRequestPattern } from '../src/rules/request-pattern.ts'
import { credential, jarOf, now, requestTo, ruleSet, scope } from './support/material.ts'

/*
 * One client, or one origin, must not hold the proxy for everybody: what is done with a text of theirs grows with the length
 * of the text. Eight times the length may take at most twenty times the work; the square would be 64 times.
 */
const times = 8
const atMost = 20
const length = 1024
/** Another process can disturb some of them. */
const attempts = 12

/** What a parser may look for, fail to find, and look for again from the next place. */
const units = [
  ' ',
  '\t',
  'a',
  ',',
  ' ,',
  '"',
  '\\"',
  '=',
  'a=',
  '="',
  ';',
  '; ',
  ':',
  '/',
  '//',
  '/a',
  '%',
  '%2',
  '%25',
]
units.push(
  'fetch("a",{',
  "curl 'a",
  'a\t',
  '{"a":',
  '\n',
  '..',
  './',
  '?',
  '&',
  '&a=',
  '[',
  '*',
  '-',
  'OAuth ',
  '\x80',
  '0',
  '.a',
)

const url = 'https://app.example.com/'
const signed = (kind: string, value: object): Plan =>
  plan(
    requestTo(url),
    {
      jar: jarOf([url, 'sid=1; Path=/; Secure']),
      credentials: [
        credential({ name: 'signed', kind, value: JSON.stringify(value), hosts: ['app.example.com'] }),
        credential({
          name: 'dummy',
          kind: 'placeholder',
          placeholder: 'aaaaaaaab',
          value: 'x',
          hosts: ['app.example.com'],
        }),
        credential({ name: 'key', kind: 'query', param: 'key', value: 'x', hosts: ['app.example.com'] }),
        credential({
          name: 'csrf',
          kind: 'mirror',
          cookie: 'a',
          header: 'x-csrf',
          hosts: ['app.example.com'],
        }),
      ],
    },
    ruleSet(),
    scope(),
    now,
  )
const oauth1 = signed('oauth1', { consumerKey: 'k', consumerSecret: 's' })
const sigv4 = signed('sigv4', { accessKeyId: 'k', secretAccessKey: 's' })

const origin = { scheme: 'https', host: 'app.example.com', port: 443 } as const
const context: SendContext = { ...origin, method: 'POST', body: 'absent', now, nonce: 'n' }
const fieldsOf = (names: readonly string[], value: string) => names.map((name) => ({ name, value }))

function apply(decision: Plan, text: string): void {
  const basic = Buffer.from(text, 'latin1').toString('base64')
  const heads = [
    { target: `/${text}`, fields: fieldsOf(['Cookie', 'Connection', 'Content-Type', 'X-Any'], text) },
    { target: `/?${text}`, fields: fieldsOf(['Authorization'], `OAuth ${text}`) },
    { target: '/', fields: fieldsOf(['Authorization'], `AWS4-HMAC-SHA256 ${text}`) },
    { target: '/', fields: fieldsOf(['Authorization'], `Basic ${basic}`) },
  ]
  for (const head of heads) applyPlan(decision, head, context)
}

const patterns = ['GET /**', 'GET /a*a/**/a*/**/b', 'GET /**/*/**/*/x'].map(parseRequestPattern)

const formats = await allFormats()

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  ...Object.fromEntries(
    formats.map((format) => [
      `a file of the format ${format.name}`,
      (text: string) => {
        const source = new Source(Buffer.from(text, 'latin1'))
        return format.detects(source) && format.read(source, { now })
      },
    ]),
  ),
  'the head of a request': (text) =>
    parseRequestHead(`GET / HTTP/1.1\r\nHost: ${text}\r\nCookie: ${text}\r\n\r\n`),
  'the target of a request': (text) =>
    [
      ['GET', `/${text}`],
      ['GET', `http://${text}`],
      ['CONNECT', text],
    ].map(([method = '', target = '']) => parseRequestTarget(method, target)),
  'the head of a response': (text) => parseResponseHead(`HTTP/1.1 200 ${text}\r\nServer: ${text}\r\n\r\n`),
  'the head of a response that needs repair': (text) =>
    readResponseHead(
      Buffer.from(
        `http/1.1 200${text}\nX : ${text}\n${text}: a\n ${text.replaceAll(' ', '\n ')}\n\n`,
        'latin1',
      ),
      0,
      responseHeadLimits,
    ),
  'a line of chunks': (text) => [`5${text}`, `5;a="${text}`].map((line) => plainChunkLine(line, true)),
  'the trailers of a response': (text) => mendTrailers(` ${text.replaceAll(' ', '\n ')}\nX : ${text}\n\n`),
  'a Cookie header': parseCookieHeader,
  'a Set-Cookie line': (text) =>
    parseSetCookie(`a=${text}; Path=/${text}; Domain=${text}; Expires=${text}`, now),
  'the cookies of a response': (text) =>
    captureInto(
      new Jar(),
      {
        ...origin,
        path: `/${text}`,
        status: 200,
        setCookie: [text, `a=b; Domain=${text}`],
        clearSiteData: [text],
        reveal: 'script',
      },
      now,
    ),
  'the name of a host': siteOf,
  'a path under a rule': (text) => patterns.map((pattern) => matchesRequest(pattern, 'GET', `/${text}`)),
  'a request that OAuth 1.0a signs': (text) => apply(oauth1, text),
  'a request that AWS signs': (text) => apply(sigv4, text),
  'a line of the log': (text) => [printable(text), withoutQueryValues(text)],
  "the names of an origin's certificate": (text) =>
    checkServerIdentity('app.example.com', { subjectaltname: `DNS:"${text}` } as PeerCertificate),
}

it.each(Object.entries(readers))('reads %s in time that grows with its length', (_, read) => {
  const short = units.map((unit) => unit.repeat(length / unit.length))
  expect(short.find((text) => isSlow(read, text))?.slice(0, 8)).toBeUndefined()
})

/** Whether the work grows by more than the length accounts for. */
function isSlow(read: (text: string) => unknown, text: string): boolean {
  const long = text.repeat(times)
  let [ofShort, ofLong] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < attempts; round++) {
    ofShort = Math.min(ofShort, costOf(read, text))
    ofLong = Math.min(ofLong, costOf(read, long))
    if (ofLong <= atMost * Math.max(coarsest, ofShort)) return false
  }
  return true
}

/** In ms, the least of some rounds: a collection of garbage falls into one of them. */
function costOf(read: (text: string) => unknown, text: string): number {
  attempt(read, text)
  const rounds = Array.from({ length: 5 }, () => {
    const before = performance.now()
    for (let turn = 0; turn < 3; turn++) attempt(read, text)
    return performance.now() - before
  })
  return Math.min(...rounds)
}

/** Less than this says nothing: a function that refuses a text at once. */
const coarsest = 0.05

function attempt(read: (text: string) => unknown, text: string): void {
  try {
    read(text)
  } catch {
    // Refused, which is an answer too.
  }
}
