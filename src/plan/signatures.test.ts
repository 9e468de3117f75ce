import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  type CredentialSpec,
  credential,
  jarOf,
  now,
  type RuleSpec,
  requestTo,
  ruleSet,
} from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { signOAuth1 } from '../credentials/oauth1-signature.ts'
import { applyPlan, type SendContext } from './apply.ts'
import { type Plan, type PlanRequest, plan } from './plan.ts'

const url = 'https://api.test/x'
const keys = {
  consumerKey: 'ck',
  consumerSecret: 'c0nsumer-s3cret',
  token: 'tk',
  tokenSecret: 't0ken-s3cret',
}
const oauth: CredentialSpec = { name: 'x', kind: 'oauth1', hosts: ['api.test'], value: JSON.stringify(keys) }
const aws: CredentialSpec = {
  name: 'aws',
  kind: 'sigv4',
  hosts: ['api.test'],
  region: 'r',
  service: 's3',
  value: '{"accessKeyId":"AKID","secretAccessKey":"aws-s3cret"}',
}
const dummy: CredentialSpec = {
  name: 'd',
  kind: 'placeholder',
  hosts: ['api.test'],
  placeholder: 'dummy-key',
  value: 'v',
}

function planOf(
  credentials: readonly CredentialSpec[],
  {
    to = url,
    jar = new Jar(),
    rules = [],
    request = {},
  }: { to?: string; jar?: Jar; rules?: readonly RuleSpec[]; request?: Partial<PlanRequest> } = {},
): Plan {
  return plan(
    requestTo(to, request),
    { jar, credentials: credentials.map(credential) },
    ruleSet(rules),
    {},
    now,
  )
}

const at: SendContext = {
  now,
  nonce: 'n0nce',
  method: 'GET',
  scheme: 'https',
  host: 'api.test',
  port: 443,
  body: 'absent',
}

function send(
  made: Plan,
  lines: readonly string[] = [],
  target = '/x',
  context: SendContext | undefined = at,
) {
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() }
  })
  const edits = applyPlan(made, { target, fields }, context)
  return { ...edits, header: edits.add.find(({ name }) => name === 'Authorization')?.value }
}

const signed = (target: string, given: Partial<SendContext> = {}) =>
  signOAuth1({ ...at, ...given, target }, keys, { ...at, ...given })

describe('a signature', () => {
  it("replaces the client's own, under the name of its credential", () => {
    const edits = send(planOf([oauth]), ['Authorization: OAuth oauth_token="d"'])
    expect(edits).toMatchObject({ header: signed('/x'), attachedNames: ['authorization(x)'] })
    expect([...edits.remove]).toEqual(['authorization'])
  })

  it('is made over what goes out: after cookies, placeholders and query parameters', () => {
    const query: CredentialSpec = {
      name: 'q',
      kind: 'query',
      hosts: ['api.test'],
      param: 'key',
      value: 'k y',
    }
    const edits = send(planOf([oauth, query, dummy]), [], '/x?a=dummy-key')
    expect(edits.target).toBe('/x?a=v&key=k%20y')
    expect(edits.header).toBe(signed('/x?a=v&key=k%20y'))
    const meta: CredentialSpec = {
      name: 'm',
      kind: 'header',
      hosts: ['api.test'],
      header: 'X-Amz-Meta',
      value: 'm',
    }
    const jar = jarOf([url, 'sid=1'])
    const names = (made: Plan, lines: string[]) =>
      /SignedHeaders=([^,]+)/.exec(send(made, lines).header ?? '')?.[1]
    const own = 'Authorization: AWS4-HMAC-SHA256 Credential=d, SignedHeaders=cookie;host'
    expect(names(planOf([aws, meta], { jar }), [own])).toBe(
      'cookie;host;x-amz-content-sha256;x-amz-date;x-amz-meta',
    )
  })

  it('leaves out what ends at this connection', () => {
    const lines = ['Connection: close, X-Amz-Gone', 'X-Amz-Gone: 1', 'X-Amz-Stays: 1']
    expect(send(planOf([aws]), lines).header).toContain(
      'SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-stays,',
    )
  })

  it('is made anew for every request of one plan', () => {
    const made = planOf([oauth])
    const contexts = [at, { ...at, nonce: 'other' }, { ...at, now: now + 1000 }, { ...at, method: 'PUT' }]
    const headers = contexts.map((context) => send(made, [], '/x', context).header)
    expect(new Set(headers).size).toBe(contexts.length)
    expect(headers).toEqual(contexts.map((context) => signed('/x', context)))
    expect(send(made).header).toBe(headers[0])
  })

  it('is not made without the whole request, nor of a request without a path', () => {
    for (const edits of [
      applyPlan(planOf([oauth]), { target: '/x', fields: [] }),
      applyPlan(planOf([oauth]), { target: '*', fields: [] }, { ...at, method: 'OPTIONS' }),
    ])
      expect(edits).toMatchObject({ add: [], attachedNames: [] })
  })

  it("does not replace the client's with override: false", () => {
    const made = planOf([{ ...oauth, override: false }])
    expect(send(made, ['authorization: own'])).toMatchObject({ add: [], attachedNames: [] })
    expect(send(made).header).toBe(signed('/x'))
  })

  it('is not made where the client has chosen another credential by its placeholder', () => {
    const made = planOf([aws, dummy])
    expect(send(made, ['Authorization: dummy-key'])).toMatchObject({
      header: 'v',
      attachedNames: ['placeholder(d)'],
    })
    expect(send(made, ['X: dummy-key']).attachedNames).toEqual(['placeholder(d)', 'authorization(aws)'])
  })

  it('that is left to the client counts as not attached', () =>
    expect(send(planOf([aws]), [], '/x?X-Amz-Signature=0')).toMatchObject({ add: [], attachedNames: [] }))

  it('that cannot be made holds the request back, and everything else with it', () => {
    const jar = jarOf([url, 'sid=s3cret'])
    const context: SendContext = { ...at, scheme: 'http', body: 'not-held' }
    expect(send(planOf([{ ...aws, allowHttp: true }], { jar }), [], '/x', context)).toMatchObject({
      refusal: { code: 'body-not-held', refused: expect.stringMatching(/^aws: /) },
      add: [],
      attachedNames: [],
    })
  })

  it('is never put on a TRACE, which would send it back', () => {
    const context: SendContext = { ...at, method: 'TRACE' }
    const request = { method: 'TRACE' }
    const edits = send(planOf([oauth, dummy], { request }), ['X: dummy-key'], '/x', context)
    expect(edits).toMatchObject({ add: [], attachedNames: [] })
    expect(edits.refusal).toBeUndefined()
    const elsewhere = planOf([dummy], { to: 'https://b.test/', request })
    expect(send(elsewhere, ['X: dummy-key'], '/x', context).refusal?.code).toBe('policy')
  })
})

describe('a plan with signatures', () => {
  it.each<[string, readonly CredentialSpec[], Plan['body']]>([
    ['nothing', [dummy, { name: 'b', kind: 'bearer', hosts: ['api.test'], value: 't' }], 'none'],
    ['forms', [oauth], 'form'],
    ['any body', [aws], 'hash'],
    ['what the one that wins covers', [aws, oauth], 'hash'],
    ['nothing, for another host', [{ ...aws, hosts: ['b.test'] }], 'none'],
  ])('says that %s has to be known of the body', (_, credentials, body) =>
    expect(planOf(credentials).body).toBe(body),
  )

  it('needs no body when the request is not allowed', () =>
    expect(planOf([aws], { rules: [{ hosts: ['*'], allow: [] }] }).body).toBe('none'))

  it.each<[string, Parameters<typeof planOf>[1], string]>([
    ['over plain http', { to: 'http://api.test/' }, 'not over plain http (allowHttp)'],
    ['for a page of another site', { request: { site: 'cross-site' } }, 'cross-site request'],
  ])('withholds them %s', (_, given, reason) => {
    const made = planOf([oauth], given)
    expect(made.credentials).toMatchObject({ attached: [], withheld: [{ name: 'x', reason }] })
    expect(send(made)).toMatchObject({ add: [], attachedNames: [] })
  })

  it('gives the header to one of several, by the rules for every kind', () => {
    const bearer: CredentialSpec = { name: 'b', kind: 'bearer', hosts: ['*'], value: 't' }
    const wider = { ...aws, hosts: ['*'] }
    expect(planOf([bearer, oauth, wider]).credentials).toMatchObject({
      attached: [{ name: 'x' }],
      withheld: [
        { name: 'aws', reason: 'x goes into authorization instead (api.test)' },
        { name: 'b', reason: 'x goes into authorization instead (api.test)' },
      ],
    })
    const named = planOf([bearer, oauth, wider], { rules: [{ hosts: ['*'], credential: 'aws' }] })
    expect(named.credentials.attached.map(({ name }) => name)).toEqual(['aws'])
  })

  it('prints none of their secrets', () => {
    const made = planOf([oauth, { ...aws, name: 'b', hosts: ['*'] }, dummy])
    for (const text of [JSON.stringify(made), inspect(made, { depth: 20 })])
      expect(text).not.toMatch(/s3cret/)
  })
})
