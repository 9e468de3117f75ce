import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { credential, jarOf, now, ruleSet } from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { applyPlan } from './apply.ts'
import { plan } from './plan.ts'
import { withheldReason } from './withheld-reason.ts'

/** Hosts that are easily taken for one another. */
const hosts = [
  'example.com',
  'www.example.com',
  'api.example.com',
  'v1.api.example.com',
  'badexample.com',
  'api-example.com',
  'example.com.evil.test',
  'evil.test',
  'example.co.uk',
  'co.uk',
  'me.github.io',
  'you.github.io',
  'localhost',
  '127.0.0.1',
  '1.127.0.0.1',
  '::1',
]
const patterns = [
  '*',
  '*.example.com',
  '*.com',
  '*.github.io',
  '*.co.uk',
  ...hosts.filter((name) => name !== '1.127.0.0.1'),
  'api.example.com:8443',
]
const host = fc.constantFrom(...hosts)
const pattern = fc.constantFrom(...patterns)
const flag = fc.constantFrom(undefined, true, false)
const places = fc.constantFrom(
  { kind: 'bearer' },
  { kind: 'basic' },
  { kind: 'header', header: 'X-Key' },
  { kind: 'header', header: 'authorization' },
  { kind: 'query', param: 'key' },
  { kind: 'placeholder', placeholder: 'dummy-key' },
)

const spec = fc.record({
  place: places,
  hosts: fc.option(fc.array(pattern, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  bound: fc.option(fc.array(pattern, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  allowHttp: flag,
})
const specs = fc.array(spec, { maxLength: 4 })
const cookies = fc.array(
  fc.record({
    host,
    path: fc.constantFrom('/', '/x', '/x/y'),
    wide: fc.boolean(),
    secure: fc.boolean(),
    maxAge: fc.constantFrom(undefined, 0, 60),
  }),
  { maxLength: 5 },
)
const rules = fc.array(
  fc.record({
    hosts: fc.array(pattern, { minLength: 1, maxLength: 2 }),
    credential: fc.constantFrom(undefined, 'c0', 'c1'),
    allowHttp: flag,
  }),
  { maxLength: 3 },
)
const request = fc.record({
  scheme: fc.constantFrom('https' as const, 'http' as const),
  host: fc
    .tuple(host, fc.constantFrom('', '.'), fc.boolean())
    .map(([name, dot, upper]) => (name.includes(':') ? name : (upper ? name.toUpperCase() : name) + dot)),
  port: fc.constantFrom(443, 80, 8443),
  path: fc.constantFrom('/', '/x', '/x/y', '/xy', '/x?key=1', '/?a'),
  method: fc.constantFrom('GET', 'POST'),
  site: fc.constantFrom('same-site' as const, 'cross-site' as const, 'cross-site-navigation' as const),
})

const marker = (index: number) => `m${index}arker`
const cookieMarker = (index: number) => `k${index}ookie`

/** Whether a pattern names a host, written for this test and not as the product has it. */
function names(text: string, name: string, port: number): boolean {
  const [only = '', portSaid] = text.includes('::') ? [text] : text.split(':')
  if (portSaid !== undefined && Number(portSaid) !== port) return false
  if (only === '*') return true
  if (!only.startsWith('*.')) return only === name
  const want = only.slice(2).split('.').reverse()
  const have = name.split('.').reverse()
  return have.length > want.length && want.every((label, index) => have[index] === label)
}

type Specs = typeof specs extends fc.Arbitrary<infer T> ? T : never
type Cookies = typeof cookies extends fc.Arbitrary<infer T> ? T : never

function build(input: { specs: Specs; cookies: Cookies }) {
  const credentials = input.specs.map(({ place, hosts: own, bound, allowHttp }, index) =>
    credential({
      name: `c${index}`,
      ...place,
      value: place.kind === 'basic' ? `u:${marker(index)}` : marker(index),
      ...(own && { hosts: own }),
      ...(bound && { bound }),
      ...(allowHttp !== undefined && { allowHttp }),
    }),
  )
  const jar = new Jar()
  input.cookies.forEach(({ host: from, path, wide, secure, maxAge }, index) => {
    const line = `n${index}=${cookieMarker(index)}; Path=${path}${wide ? `; Domain=${from}` : ''}${secure ? '; Secure' : ''}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`
    jar.set(line, { url: { scheme: 'https', host: from, port: 443, path: '/' }, now: now - 30_000 })
  })
  return { credentials, jar }
}

test.prop([fc.record({ specs, cookies, rules, request })], { numRuns: 2000 })(
  'nothing goes to a host, a scheme or a path that it does not belong to',
  (input) => {
    const { credentials, jar } = build(input)
    const ruled = ruleSet(input.rules)
    const made = plan(input.request, { jar, credentials }, ruled, {}, now)
    const edits = applyPlan(made, {
      target: input.request.path,
      fields: [
        { name: 'Authorization', value: 'own' },
        { name: 'X-Own', value: 'dummy-key' },
      ],
    })
    const basic = edits.add.map(({ value }) => (value.startsWith('Basic ') ? atob(value.slice(6)) : ''))
    const wire = JSON.stringify([edits.target, edits.add, basic])
    const { scheme, port, site } = input.request
    const name = input.request.host.toLowerCase().replace(/\.$/, '')
    const here = name === 'localhost' || name === '127.0.0.1' || name === '::1'

    input.specs.forEach(({ hosts: own, bound, allowHttp }, index) => {
      if (!wire.includes(marker(index))) return
      const named = input.rules.some(
        (rule) => rule.credential === `c${index}` && rule.hosts.some((text) => names(text, name, port)),
      )
      expect(own === undefined ? named : own.some((text) => names(text, name, port))).toBe(true)
      if (bound !== undefined) expect(bound.some((text) => names(text, name, port))).toBe(true)
      const clear = allowHttp === true || input.rules.some((rule) => rule.allowHttp === true)
      expect(scheme === 'https' || here || clear).toBe(true)
      expect(site).not.toBe('cross-site')
    })
    input.cookies.forEach(({ host: from, path, wide, secure, maxAge }, index) => {
      if (!wire.includes(cookieMarker(index))) return
      expect(from === name || (wide && name.endsWith(`.${from}`) && !/^[\d.]+$/.test(name))).toBe(true)
      const asked = input.request.path.split('?')[0] ?? ''
      expect(asked === path || asked.startsWith(path.endsWith('/') ? path : `${path}/`)).toBe(true)
      expect(!secure || scheme === 'https' || here).toBe(true)
      expect(maxAge).not.toBe(0)
      expect(site).not.toBe('cross-site')
    })
  },
)

test.prop([fc.record({ specs, cookies, rules, request })])(
  'the plan depends on nothing but its arguments, and changes none of them',
  (input) => {
    const { credentials, jar } = build(input)
    const ruled = ruleSet(input.rules)
    const before = JSON.stringify([jar.toRecord(), credentials, ruled])
    const first = plan(input.request, { jar, credentials }, ruled, {}, now)
    expect(plan(input.request, { jar, credentials: credentials.toReversed() }, ruled, {}, now)).toEqual(first)
    expect(JSON.stringify([jar.toRecord(), credentials, ruled])).toBe(before)
  },
)

test.prop([fc.record({ specs, cookies, rules, request })])(
  'every reason to withhold something has a label for the metrics',
  (input) => {
    const { cookies: some, credentials } = plan(input.request, build(input), ruleSet(input.rules), {}, now)
    for (const withheld of [...some.withheld, ...credentials.withheld])
      expect(withheldReason(withheld), withheld.reason).not.toBe('other')
  },
)

test.prop([fc.record({ specs, cookies, request })])(
  'attached and withheld are never the same thing',
  (input) => {
    const { credentials, jar } = build(input)
    const made = plan(input.request, { jar, credentials }, ruleSet(), {}, now)
    const attached = made.credentials.attached.map(({ name }) => name)
    const withheld = made.credentials.withheld.map(({ name }) => name)
    expect(new Set([...attached, ...withheld]).size).toBe(attached.length + withheld.length)
  },
)

const responses = fc.uniqueArray(
  fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('/', '/x'), fc.boolean()),
  {
    selector: ([name]) => name,
  },
)
test.prop([responses, fc.infiniteStream(fc.nat())])(
  'what was captured goes on whatever the order it came in',
  (lines, order) => {
    const line = ([name, path, secure]: (typeof lines)[number]) =>
      `${name}=1; Path=${path}${secure ? '; Secure' : ''}`
    const shuffled = lines.map((entry) => ({ entry, key: order.next().value })).sort((a, b) => a.key - b.key)
    const names_ = (jar: Jar) =>
      plan(
        {
          scheme: 'http',
          host: 'a.test',
          port: 80,
          path: '/x',
          method: 'GET',
          site: 'same-site',
        },
        { jar, credentials: [] },
        ruleSet(),
        {},
        now,
      )
        .cookies.attached.map(({ name }) => name)
        .sort()
    const one = jarOf(...lines.map((entry) => ['https://a.test/', line(entry)] as const))
    const other = jarOf(...shuffled.map(({ entry }) => ['https://a.test/', line(entry)] as const))
    expect(names_(other)).toEqual(names_(one))
  },
)
