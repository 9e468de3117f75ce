import { describe, expect, it } from 'vitest'
import {
  type CredentialSpec,
  credential,
  jarOf,
  now,
  requestTo,
  ruleSet,
} from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import type { Reveal } from '../rules/rule.ts'
import { applyPlan } from './apply.ts'
import { plan } from './plan.ts'

const url = 'https://app.example.com/x'

function apply(
  given: {
    lines?: readonly string[]
    credentials?: readonly CredentialSpec[]
    reveal?: Reveal
    allow?: readonly string[]
  },
  head: {
    target?: string
    cookie?: string | readonly string[]
    fields?: Readonly<Record<string, string>>
  } = {},
) {
  const made = plan(
    requestTo(url),
    {
      jar: given.lines ? jarOf([url, ...given.lines]) : new Jar(),
      credentials: (given.credentials ?? []).map((spec) => credential({ hosts: ['*'], ...spec })),
    },
    ruleSet(given.allow ? [{ hosts: ['*'], allow: given.allow }] : [], { reveal: given.reveal ?? 'script' }),
    {},
    now,
  )
  const cookies = head.cookie === undefined ? [] : [head.cookie].flat()
  const fields = [
    ...Object.entries(head.fields ?? {}).map(([name, value]) => ({ name, value })),
    ...cookies.map((value) => ({ name: 'cOOkie', value })),
  ]
  const edits = applyPlan(made, { target: head.target ?? '/x', fields })
  return {
    ...edits,
    target: edits.target,
    headers: Object.fromEntries(edits.add.map(({ name, value }) => [name, value])),
  }
}

describe("the client's Cookie header", () => {
  const lines = ['sid=jar; HttpOnly', 'csrf=jar']

  it.each<[own: string | string[] | undefined, reveal: Reveal, sent: string | undefined, names: string[]]>([
    [undefined, 'script', 'sid=jar; csrf=jar', ['cookie:sid', 'cookie:csrf']],
    ['theme=dark', 'script', 'theme=dark; sid=jar; csrf=jar', ['cookie:sid', 'cookie:csrf']],
    ['csrf=own', 'script', 'csrf=own; sid=jar', ['cookie:sid']],
    ['sid=stale', 'script', 'sid=jar; csrf=jar', ['cookie:sid', 'cookie:csrf']],
    ['sid=stale; csrf=own', 'script', 'csrf=own; sid=jar', ['cookie:sid']],
    [['a=1', 'csrf=own'], 'script', 'a=1; csrf=own; sid=jar', ['cookie:sid']],
    ['sid=own; csrf=own', 'none', 'sid=jar; csrf=jar', ['cookie:sid', 'cookie:csrf']],
    ['sid=own', 'all', 'sid=own; csrf=jar', ['cookie:csrf']],
    ['sid=own; csrf=own', 'all', undefined, []],
  ])('%j with reveal %s becomes %j', (cookie, reveal, sent, names) => {
    const edits = apply({ lines, reveal }, cookie === undefined ? {} : { cookie })
    expect(edits.headers.Cookie).toBe(sent)
    expect(edits.remove.has('cookie')).toBe(sent !== undefined)
    expect(edits.attachedNames).toEqual(names)
  })

  it('is not touched when the jar has nothing for the request', () =>
    expect(apply({}, { cookie: 'a=1;;  b' })).toMatchObject({
      add: [],
      attachedNames: [],
      target: undefined,
    }))

  it('is the same line each time for a client that sends none', () => {
    const made = plan(requestTo(url), { jar: jarOf([url, ...lines]), credentials: [] }, ruleSet(), {}, now)
    const once = applyPlan(made, { target: '/x', fields: [] })
    expect(applyPlan(made, { target: '/x', fields: [] })).toEqual(once)
    expect(
      applyPlan(made, { target: '/x', fields: [{ name: 'Cookie', value: 'csrf=own' }] }).add[0]?.value,
    ).toBe('csrf=own; sid=jar')
    expect(applyPlan(made, { target: '/x', fields: [] })).toEqual(once)
  })
})

describe('a credential header', () => {
  const bearer: CredentialSpec = { name: 'api', value: 's3cret' }

  it("replaces the client's own", () => {
    const edits = apply({ credentials: [bearer] }, { fields: { authorization: 'Bearer dummy' } })
    expect(edits.headers).toEqual({ Authorization: 'Bearer s3cret' })
    expect([...edits.remove]).toEqual(['authorization'])
    expect(edits.attachedNames).toEqual(['authorization(api)'])
  })

  it("with override: false leaves the client's own, and goes when the client sent none", () => {
    const polite = { credentials: [{ ...bearer, override: false }] }
    expect(apply(polite, { fields: { AUTHORIZATION: 'own' } })).toMatchObject({ add: [], attachedNames: [] })
    expect(apply(polite).headers).toEqual({ Authorization: 'Bearer s3cret' })
  })

  it('adds nothing to a request that is not allowed', () =>
    expect(apply({ credentials: [bearer], lines: ['a=1'], allow: [] })).toMatchObject({
      add: [],
      attachedNames: [],
    }))
})

describe('a mirror', () => {
  const mirror: CredentialSpec = { name: 'm', kind: 'mirror', cookie: 'csrf', header: 'x-csrf' }

  it.each<[own: string | undefined, reveal: Reveal, value: string | undefined]>([
    [undefined, 'script', 'jar'],
    ['csrf=own', 'script', 'own'],
    ['csrf=own', 'none', 'jar'],
    ['a=1', 'script', 'jar'],
  ])('copies what goes out when the client sends %j and reveal is %s', (cookie, reveal, value) =>
    expect(
      apply({ lines: ['csrf=jar'], credentials: [mirror], reveal }, cookie === undefined ? {} : { cookie })
        .headers['x-csrf'],
    ).toBe(value),
  )

  it("copies the client's own cookie when the jar has none", () =>
    expect(apply({ credentials: [mirror] }, { cookie: 'csrf=own' }).headers).toEqual({ 'x-csrf': 'own' }))

  it('is not there without the cookie', () => {
    const edits = apply({ credentials: [mirror] }, { fields: { 'x-csrf': 'own' } })
    expect(edits).toMatchObject({ add: [], attachedNames: [] })
    expect(edits.remove.size).toBe(0)
  })

  it('copies the bytes of the cookie: quotes and percent-encoding are for the site to read', () =>
    expect(apply({ credentials: [mirror] }, { cookie: 'csrf="a%20b%3D"' }).headers).toEqual({
      'x-csrf': '"a%20b%3D"',
    }))

  it('copies no value that cannot be a header', () => {
    expect(apply({ credentials: [mirror] }, { cookie: 'csrf=' }).add).toEqual([])
    expect(apply({ credentials: [mirror] }, { cookie: 'csrf=a\x01b' }).add).toEqual([])
  })
})

describe('a query credential', () => {
  const query: CredentialSpec = { name: 'k', kind: 'query', param: 'key', value: 'a&b=ü #' }

  it('edits the target', () => {
    expect(apply({ credentials: [query] }, { target: '/x' })).toMatchObject({
      target: '/x?key=a%26b%3D%C3%BC%20%23',
      add: [],
      attachedNames: ['?key(k)'],
    })
    expect(apply({ credentials: [query] }, { target: '/x?key=dummy&z=1' }).target).toBe(
      '/x?key=a%26b%3D%C3%BC%20%23&z=1',
    )
  })

  it('leaves what the client sent with override: false', () => {
    const polite = { credentials: [{ ...query, override: false }] }
    expect(apply(polite, { target: '/x?key=own' })).toMatchObject({ target: undefined, attachedNames: [] })
    expect(apply(polite, { target: '/x?other=1' }).target).toContain('other=1&key=a')
  })

  it('stands beside another one', () => {
    const second: CredentialSpec = { name: 'l', kind: 'query', param: 'id', value: '7' }
    expect(apply({ credentials: [query, second] }, { target: '/x' }).target).toBe(
      '/x?key=a%26b%3D%C3%BC%20%23&id=7',
    )
  })

  it.each(['*', 'example.com:443'])('leaves the target %s alone', (target) =>
    expect(apply({ credentials: [query] }, { target })).toMatchObject({
      target: undefined,
      attachedNames: [],
    }),
  )
})

describe('a field that names another method', () => {
  const fields = { 'X-HTTP-Method': 'DELETE' }

  it('is removed under a rule with allow, also from a request that carries nothing', () => {
    const edits = apply({ allow: ['GET /**'] }, { target: '/x?_method=DELETE&a=1', fields })
    expect(edits).toMatchObject({ target: '/x?a=1', add: [], reroutingNames: ['x-http-method', '?_method'] })
    expect([...edits.remove]).toEqual(['x-http-method'])
  })

  it('is removed before a parameter comes in', () => {
    const credentials = [{ name: 'api', kind: 'query', param: 'key', value: 's3cret' }]
    const { target } = apply({ allow: ['GET /**'], credentials }, { target: '/x?_method=DELETE', fields })
    expect(target).toBe('/x?key=s3cret')
  })

  it('stays without allow', () => expect([...apply({}, { fields }).remove]).toEqual([]))
})
