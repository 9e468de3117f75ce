import { describe, expect, it } from 'vitest'
import {
  type CredentialSpec,
  credential,
  now,
  type RuleSpec,
  requestTo,
  ruleSet,
  scope,
} from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import type { Credential } from '../credentials/credential.ts'
import { plan } from './plan.ts'
import type { Scope } from './scope.ts'

interface Given {
  readonly credentials?: readonly (CredentialSpec | Credential)[]
  readonly rules?: readonly RuleSpec[]
  readonly scope?: Scope
  readonly site?: 'cross-site'
}

function faults(url: string, { credentials = [], rules, scope = {}, site = undefined }: Given): unknown {
  const held = credentials.map((one) => ('source' in one ? one : credential(one)))
  const request = requestTo(url, site === undefined ? {} : { site })
  const made = plan(request, { jar: new Jar(), credentials: held }, ruleSet(rules), scope, now)
  return Object.fromEntries(made.faults.map(({ name, reason }) => [name, reason]))
}

const api: CredentialSpec = { name: 'api', hosts: ['api.example.com'] }
const url = 'https://api.example.com/'

function oauth2(tokens: object, more: object = {}): Credential {
  const spec = { name: 'api', kind: 'oauth2', hosts: ['api.example.com'] }
  const value = JSON.stringify({ access_token: 'A', refresh_token: 'R', token_type: 'Bearer' })
  const made = credential({ ...spec, value })
  return { ...made, freshness: { refreshable: true, refreshes: 0, ...tokens, ...more } }
}

const failed = { at: now - 1000, result: 'failed', reason: 'HTTP 503', failures: 3 }

describe('a fault is', () => {
  it('a credential without a value', () =>
    expect(faults(url, { credentials: [api] })).toEqual({ api: 'no value: hallpass token set api' }))

  it('a credential that a rule names and the session does not have', () =>
    expect(faults(url, { rules: [{ hosts: ['api.example.com'], credential: 'gone' }] })).toEqual({
      gone: 'the rule names it, but the session does not have it: hallpass token set gone',
    }))

  it('a credential that a rule sends to a host which it is not for', () => {
    const rules = [{ hosts: ['api.example.com'], credential: 'api' }]
    const credentials = [{ ...api, hosts: ['other.example'], value: 's3cret' }]
    expect(faults(url, { rules, credentials })).toEqual({ api: 'it is only for other.example' })
  })

  it('an expired token whose refresh fails', () => {
    const expired = { expiresAt: now - 1, last: failed }
    expect(faults(url, { credentials: [oauth2(expired)] })).toEqual({
      api: 'its token has expired; the refresh fails: HTTP 503',
    })
  })
})

describe('no fault is', () => {
  it.each<[string, string, Given]>([
    ['a credential that goes on', url, { credentials: [{ ...api, value: 's3cret' }] }],
    ['one for another host', 'https://other.example/', { credentials: [api] }],
    ['one that is not for plain http', 'http://api.example.com/', { credentials: [{ ...api, value: 'x' }] }],
    ['a cross-site request', url, { credentials: [{ ...api, value: 'x' }], site: 'cross-site' }],
    ['a host that --only leaves out', url, { credentials: [api], scope: scope({ only: ['a.test'] }) }],
    [
      'a request that a rule forbids',
      url,
      { credentials: [api], rules: [{ hosts: ['api.example.com'], allow: [] }] },
    ],
    [
      'a placeholder without a value',
      url,
      { credentials: [{ ...api, kind: 'placeholder', placeholder: 'dummy_key_123456' }] },
    ],
    [
      'a live token whose refresh fails',
      url,
      { credentials: [oauth2({ expiresAt: now + 1, last: failed })] },
    ],
    ['an expired token that a refresh may mend', url, { credentials: [oauth2({ expiresAt: now - 1 })] }],
    [
      'a token that needs a login, which is said as that',
      url,
      { credentials: [oauth2({ expiresAt: now - 1, last: failed, needsLogin: 'revoked' })] },
    ],
  ])('%s', (_, to, given) => expect(faults(to, given)).toEqual({}))
})
