import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { lookAlikes } from '../../test/support/look-alikes.ts'
import {
  type CredentialSpec,
  credential,
  jarOf,
  now,
  type RuleSpec,
  requestTo,
  ruleSet,
  scope,
} from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { Secret } from '../secret.ts'
import { type Plan, plan } from './plan.ts'
import type { Scope } from './scope.ts'

interface Given {
  readonly jar?: Jar
  readonly credentials?: readonly CredentialSpec[]
  readonly rules?: readonly RuleSpec[]
  readonly scope?: Scope
  readonly request?: Parameters<typeof requestTo>[1]
}

function planFor(url: string, given: Given): Plan {
  return plan(
    requestTo(url, given.request),
    { jar: given.jar ?? new Jar(), credentials: (given.credentials ?? []).map(credential) },
    ruleSet(given.rules),
    given.scope ?? {},
    now,
  )
}

const attachedTo = (made: Plan) => [
  ...made.cookies.attached.map(({ name }) => `cookie:${name}`),
  ...made.credentials.attached.map(({ name }) => name),
]
const whyNot = (made: Plan) =>
  Object.fromEntries(
    [...made.cookies.withheld, ...made.credentials.withheld].map(({ name, reason }) => [name, reason]),
  )

const api: CredentialSpec = { name: 'api', hosts: ['api.example.com'], value: 's3cret' }
const session = jarOf(
  ['https://app.example.com/login', 'sid=1; Secure; HttpOnly; Path=/', 'csrf=2; Path=/'],
  ['https://app.example.com/beta/x', 'beta=3'],
  ['https://example.com/', 'wide=4; Domain=example.com; SameSite=None; Secure'],
)

describe('cookies', () => {
  it('go where a browser would send them, and the others say why not', () => {
    const made = planFor('https://app.example.com/me', { jar: session })
    expect(attachedTo(made)).toEqual(['cookie:sid', 'cookie:csrf', 'cookie:wide'])
    expect(whyNot(made)).toEqual({ beta: 'path /beta' })
    expect(attachedTo(planFor('https://app.example.com/beta?x', { jar: session }))).toContain('cookie:beta')
  })

  it('that are Secure stay off plain http', () => {
    const made = planFor('http://app.example.com/', { jar: session })
    expect(attachedTo(made)).toEqual(['cookie:csrf'])
    expect(whyNot(made)).toMatchObject({ sid: 'secure: not over http' })
  })

  it.each([
    ['cross-site' as const, ['cookie:wide']],
    ['cross-site-navigation' as const, ['cookie:sid', 'cookie:csrf', 'cookie:wide']],
  ])('of a %s request are those that SameSite allows', (site, names) =>
    expect(attachedTo(planFor('https://app.example.com/', { jar: session, request: { site } }))).toEqual(
      names,
    ),
  )

  it('make the plan hold until the first of them expires', () => {
    const jar = jarOf(['https://a.test/', 'x=1; Max-Age=60', 'y=2; Max-Age=30'])
    expect(planFor('https://a.test/', { jar }).validUntil).toBe(now + 30_000)
    expect(planFor('https://b.test/', { jar }).validUntil).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a credential', () => {
  it('goes to its hosts, in any case and with a trailing dot', () => {
    for (const host of ['api.example.com', 'API.Example.COM', 'api.example.com.'])
      expect(attachedTo(planFor('https://x.test/', { credentials: [api], request: { host } }))).toEqual([
        'api',
      ])
  })

  it.each(lookAlikes)('does not go to %j', (host) => {
    for (const spelled of [host, host.toUpperCase()]) {
      const made = planFor('https://x.test/', { credentials: [api], request: { host: spelled } })
      expect(made.credentials.attached).toEqual([])
    }
  })

  it('does not go over plain http', () => {
    const made = planFor('http://api.example.com/', { credentials: [api] })
    expect(attachedTo(made)).toEqual([])
    expect(whyNot(made)).toEqual({ api: 'not over plain http (allowHttp)' })
  })

  it('does not go over plain http to a name below localhost, nor do Secure cookies', () => {
    const jar = jarOf(['https://app.localhost/', 'sid=1; Secure'])
    const made = planFor('http://app.localhost/', { jar, credentials: [{ ...api, hosts: ['*'] }] })
    expect(attachedTo(made)).toEqual([])
    expect(whyNot(made)).toEqual({
      api: 'not over plain http (allowHttp)',
      sid: 'secure: not over http',
    })
  })

  it.each(['http://localhost:3000/', 'http://127.0.0.1/', 'http://[::1]/'])(
    'goes over plain http to %s, which does not leave the machine',
    (url) => expect(attachedTo(planFor(url, { credentials: [{ ...api, hosts: ['*'] }] }))).toEqual(['api']),
  )

  it.each<[definition: boolean | undefined, rule: boolean | undefined, goes: boolean]>([
    [undefined, undefined, false],
    [true, undefined, true],
    [undefined, true, true],
    [true, false, false],
    [false, true, true],
  ])('with allowHttp %j and %j in the rule goes over plain http: %j', (own, ruled, goes) => {
    const made = planFor('http://api.example.com/', {
      credentials: [{ ...api, ...(own !== undefined && { allowHttp: own }) }],
      rules: [{ hosts: ['api.example.com'], allowHttp: ruled }],
    })
    expect(made.credentials.attached.length === 1).toBe(goes)
  })

  it('does not go on a request that another site started', () => {
    const made = planFor('https://api.example.com/', { credentials: [api], request: { site: 'cross-site' } })
    expect(whyNot(made)).toEqual({ api: 'cross-site request' })
    const navigation = { credentials: [api], request: { site: 'cross-site-navigation' as const } }
    expect(attachedTo(planFor('https://api.example.com/', navigation))).toEqual(['api'])
  })

  it('without hosts goes where a rule names it, and nowhere else', () => {
    const given: Given = {
      credentials: [{ name: 'github', value: 'x' }],
      rules: [{ hosts: ['api.github.com'], credential: 'github' }],
    }
    expect(attachedTo(planFor('https://api.github.com/', given))).toEqual(['github'])
    expect(attachedTo(planFor('https://github.com/', given))).toEqual([])
  })

  it('does not go where a rule names it if it is for other hosts', () => {
    const rules = [{ hosts: ['evil.test'], credential: 'api' }]
    const made = planFor('https://evil.test/', { credentials: [api], rules })
    expect(attachedTo(made)).toEqual([])
    expect(whyNot(made)).toEqual({ api: 'it is only for api.example.com' })
  })

  it('does not go beyond the hosts that its value was sealed for, whatever the configuration says', () => {
    const credentials = [{ ...api, hosts: ['evil.test', 'api.example.com'], bound: ['api.example.com'] }]
    expect(attachedTo(planFor('https://evil.test/', { credentials }))).toEqual([])
    expect(attachedTo(planFor('https://api.example.com/', { credentials }))).toEqual(['api'])
  })

  it('that has no value names the command', () =>
    expect(
      whyNot(planFor('https://api.example.com/', { credentials: [{ ...api, value: undefined }] })),
    ).toEqual({
      api: 'no value: hallpass token set api',
    }))

  it('that a rule names but the session lacks names the command', () =>
    expect(
      whyNot(planFor('https://a.test/', { rules: [{ hosts: ['a.test'], credential: 'nope' }] })),
    ).toEqual({
      nope: 'the rule names it, but the session does not have it: hallpass token set nope',
    }))

  it('keeps a value with a line break off the wire, however it came into the session', () => {
    const value = new Secret('Bearer x\r\nEvil: 1')
    const bad = { ...credential(api), source: { from: 'value' as const, value } }
    const made = plan(
      requestTo('https://api.example.com/'),
      { jar: new Jar(), credentials: [bad] },
      ruleSet(),
      {},
      now,
    )
    expect(whyNot(made)).toEqual({ api: 'its value has characters that a header cannot carry' })
  })
})

describe('several credentials for one place', () => {
  const wide: CredentialSpec = { name: 'wide', hosts: ['*.example.com'], value: 'w' }
  const basic: CredentialSpec = { name: 'basic', kind: 'basic', hosts: ['*'], value: 'u:p' }

  it('leave it to the most specific, and say so', () => {
    const made = planFor('https://api.example.com/', { credentials: [basic, wide, api] })
    expect(attachedTo(made)).toEqual(['api'])
    expect(whyNot(made).wide).toBe('api goes into authorization instead (api.example.com)')
    expect(whyNot(made).basic).toMatch(/goes into authorization instead/)
  })

  it('leave it to the one that the rule names', () => {
    const rules = [{ hosts: ['*.example.com'], credential: 'wide' }]
    const made = planFor('https://api.example.com/', { credentials: [api, wide], rules })
    expect(attachedTo(made)).toEqual(['wide'])
    expect(whyNot(made)).toEqual({ api: 'wide goes into authorization instead (the rule names it)' })
  })

  it('leave it to the first by name when they are equally specific', () => {
    const twin = { ...api, name: 'aaa' }
    expect(attachedTo(planFor('https://api.example.com/', { credentials: [api, twin] }))).toEqual(['aaa'])
  })

  it('do not step in for one without a value: that would be another identity', () =>
    expect(
      attachedTo(planFor('https://api.example.com/', { credentials: [{ ...api, value: undefined }, wide] })),
    ).toEqual([]))

  it('are no rivals when they go into different places, whatever the case of a header', () => {
    const key: CredentialSpec = { name: 'key', kind: 'header', header: 'X-Key', hosts: ['*'], value: 'k' }
    const other: CredentialSpec = { ...key, name: 'other', header: 'x-KEY', hosts: ['api.example.com'] }
    const query: CredentialSpec = { name: 'query', kind: 'query', param: 'x-key', hosts: ['*'], value: 'q' }
    expect(
      attachedTo(planFor('https://api.example.com/', { credentials: [api, key, other, query] })),
    ).toEqual(['api', 'other', 'query'])
  })

  it('a mirror says when it depends on the client', () => {
    const csrf: CredentialSpec = { name: 'm', kind: 'mirror', cookie: 'csrf', header: 'x-csrf', hosts: ['*'] }
    const [with_] = planFor('https://app.example.com/', { jar: session, credentials: [csrf] }).credentials
      .attached
    expect(with_?.condition).toBeUndefined()
    const [without] = planFor('https://other.test/', { jar: session, credentials: [csrf] }).credentials
      .attached
    expect(without?.condition).toMatch(/only if the client sends the cookie csrf itself/)
  })
})

describe('policy', () => {
  const rules: readonly RuleSpec[] = [
    { hosts: ['api.example.com'], allow: ['GET /public/**'], credential: 'api', reveal: 'none' },
    { hosts: ['*.example.com'], reveal: 'all' },
  ]

  it('lets through what the most specific rule allows, and names that rule', () => {
    const made = planFor('https://api.example.com/public/x?y', { credentials: [api], rules })
    expect(made).toMatchObject({
      policy: { allowed: true },
      rule: { index: 0, pattern: 'api.example.com', why: 'the most specific of 2 rules for this host' },
      reveal: 'none',
    })
    expect(planFor('https://www.example.com/', { rules }).reveal).toBe('all')
    expect(planFor('https://other.test/', { rules }).reveal).toBe('script')
  })

  it.each([
    ['https://api.example.com/private', 'GET'],
    ['https://api.example.com/public/x', 'POST'],
    ['https://api.example.com/public/%2e%2e/private', 'GET'],
  ])('forbids %s by %s, with nothing attached', (url, method) => {
    const made = planFor(url, { credentials: [api], rules, request: { method } })
    expect(made.policy).toEqual({
      allowed: false,
      reason: 'the rule for api.example.com allows only: GET /public/**',
    })
    expect(attachedTo(made)).toEqual([])
  })

  it('forbids everything with an empty list', () =>
    expect(planFor('https://a.test/', { rules: [{ hosts: ['a.test'], allow: [] }] }).policy).toEqual({
      allowed: false,
      reason: 'the rule for a.test allows only: nothing',
    }))
})

describe('TRACE, which the origin sends back to the client,', () => {
  const trace = { method: 'TRACE' } as const
  const dummy: CredentialSpec = {
    name: 'd',
    kind: 'placeholder',
    placeholder: 'dummy-key',
    hosts: ['api.example.com'],
    value: 'v',
  }

  it('carries neither cookies nor credentials, and the plan says why', () => {
    const credentials = [{ ...api, hosts: ['app.example.com'] }]
    const made = planFor('https://app.example.com/', { jar: session, credentials, request: trace })
    expect(attachedTo(made)).toEqual([])
    expect(whyNot(made)).toMatchObject({
      api: 'a TRACE comes back to the client',
      sid: 'a TRACE comes back to the client',
      beta: 'path /beta',
    })
  })

  it('keeps the rules about its response', () => {
    const rules = [{ hosts: ['app.example.com'], reveal: 'none' as const }]
    expect(planFor('https://app.example.com/', { jar: session, rules, request: trace })).toMatchObject({
      reveal: 'none',
      capture: true,
    })
  })

  it('may carry a placeholder to its own host, and to no other', () => {
    const guarded = (url: string) => planFor(url, { credentials: [dummy], request: trace }).guards.length
    expect([guarded('https://api.example.com/'), guarded('https://other.test/')]).toEqual([0, 1])
  })
})

it('is the same for every path and method unless a rule or a cookie looks at them', () => {
  const byRequest = (given: Given) => planFor('https://app.example.com/', given).byRequest
  expect(byRequest({ jar: jarOf(['https://app.example.com/', 'a=1; Path=/']) })).toBe(false)
  expect(byRequest({ jar: session })).toBe(true)
  expect(byRequest({ rules: [{ hosts: ['app.example.com'] }] })).toBe(false)
  expect(byRequest({ rules: [{ hosts: ['app.example.com'], allow: [] }] })).toBe(true)
})

it('says whether the session knows the host, and why', () => {
  const known = { known: true, knownWhy: 'the credential api is for it' }
  expect(planFor('https://api.example.com/', { credentials: [api] })).toMatchObject(known)
  const unknown = { known: false, knownWhy: 'no rule, credential, cookie or capture setting covers it' }
  expect(planFor('https://other.test/', { credentials: [api] })).toMatchObject(unknown)
})

it('takes in no cookies of a host that is opened only because intercept says so', () => {
  const made = (capture: boolean) =>
    plan(
      requestTo('https://new.test/'),
      { jar: new Jar(), credentials: [] },
      ruleSet([], { intercept: 'all' }),
      capture ? scope({ capture: ['*'] }) : {},
      now,
    ).capture
  expect([made(false), made(true)]).toEqual([false, true])
})

describe('the scope of a client', () => {
  const given: Given = { jar: session, credentials: [{ ...api, hosts: ['*.example.com'] }] }

  it('with only attaches to those hosts, and leaves the session unchanged elsewhere', () => {
    const narrowed = { ...given, scope: scope({ only: ['app.example.com'] }) }
    expect(planFor('https://app.example.com/', narrowed)).toMatchObject({ capture: true, reveal: 'script' })
    expect(attachedTo(planFor('https://app.example.com/', narrowed))).toContain('api')
    const made = planFor('https://www.example.com/', narrowed)
    expect(made).toMatchObject({ policy: { allowed: true }, capture: false, reveal: 'all' })
    expect(attachedTo(made)).toEqual([])
    expect(whyNot(made)).toMatchObject({
      wide: '--only does not name www.example.com',
      api: '--only does not name www.example.com',
    })
  })

  it('with strict forbids every other host', () => {
    const strict = { ...given, scope: scope({ only: ['app.example.com'], strict: true }) }
    expect(planFor('https://app.example.com/', strict).policy.allowed).toBe(true)
    expect(planFor('https://www.example.com/', strict).policy).toEqual({
      allowed: false,
      reason: '--strict allows only the hosts of --only',
      hint: 'hallpass run --only www.example.com --strict -- COMMAND',
    })
    const known = { ...given, scope: scope({ strict: true }) }
    expect(planFor('https://www.example.com/', known).policy.allowed).toBe(true)
    expect(planFor('https://other.test/', known).policy).toMatchObject({
      allowed: false,
      reason: '--strict allows only hosts that the session knows',
    })
  })

  it('of a browser window attaches nothing, reveals all and captures', () => {
    const made = planFor('https://app.example.com/', {
      ...given,
      scope: scope({ browserWindow: true, capture: ['*'] }),
    })
    expect(made).toMatchObject({ reveal: 'all', capture: true })
    expect(attachedTo(made)).toEqual([])
    expect(whyNot(made)).toMatchObject({ sid: 'a browser window has its own' })
    const vendor = plan(
      requestTo('https://vendor.test/'),
      { jar: new Jar(), credentials: [] },
      ruleSet([], { intercept: 'all' }),
      scope({ browserWindow: true }),
      now,
    )
    expect(vendor).toMatchObject({ reveal: 'all', capture: false })
  })

  it('reveals what it says before what a rule says', () =>
    expect(
      planFor('https://a.test/', { rules: [{ hosts: ['a.test'], reveal: 'none' }], scope: { reveal: 'all' } })
        .reveal,
    ).toBe('all'))
})

it('prints no secret', () => {
  const made = planFor('https://api.example.com/', { credentials: [api] })
  expect(attachedTo(made)).toEqual(['api'])
  expect(inspect(made, { depth: 9 }) + JSON.stringify(made)).not.toContain('s3cret')
})
