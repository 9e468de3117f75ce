import { describe, expect, it } from 'vitest'
import { credential, jarOf, now, requestTo, ruleSet, scope } from '../../test/support/material.ts'
import { plan } from './plan.ts'
import { withheldReason } from './withheld-reason.ts'

describe('the label of a reason', () => {
  it.each([
    ['path /cross-site request', 'path'],
    ['domain needs login: expired 3 h ago', 'host'],
    ['expired 3 h ago', 'expired'],
    ['api goes into authorization instead (*.example.com)', 'other_credential'],
    ['its value is for the kind bearer, and the configuration says basic: hallpass token set api', 'other'],
    ['a text that nobody has written yet', 'other'],
  ])('of %s is %s', (reason, label) => {
    expect(withheldReason({ reason })).toBe(label)
  })

  it('is needs_login where only a login helps, whatever the reason says', () => {
    const freshness = { refreshable: true, refreshes: 0, needsLogin: 'invalid_grant' }
    expect(withheldReason({ reason: 'no token yet', freshness })).toBe('needs_login')
  })
})

describe('what a plan withholds has a label', () => {
  const jar = jarOf(['https://www.example.com/', 'sid=1; Path=/app'])
  const credentials = [
    credential({ name: 'api', hosts: ['*.example.com'], value: 'token' }),
    credential({ name: 'none', hosts: ['www.example.com'], kind: 'header', header: 'X-Key' }),
    credential({ name: 'odd', hosts: ['*.example.com'], kind: 'oauth2' }),
  ]
  const app = requestTo('https://www.example.com/app')

  it.each([
    ['TRACE', { ...app, method: 'TRACE' }, {}, ['missing', 'other_credential', 'trace', 'trace']],
    ['--only', app, { only: ['other.example.com'] }, ['missing', 'only', 'only', 'other_credential']],
    [
      'a window',
      app,
      { browserWindow: true },
      ['browser_window', 'browser_window', 'missing', 'other_credential'],
    ],
    [
      '--strict',
      app,
      { only: ['other.test'], strict: true },
      ['missing', 'not_allowed', 'not_allowed', 'other_credential'],
    ],
  ])('with %s', (_, request, limits, labels) => {
    const { cookies, credentials: chosen } = plan(
      request,
      { jar, credentials },
      ruleSet(),
      scope(limits),
      now,
    )
    expect([...cookies.withheld, ...chosen.withheld].map(withheldReason).toSorted()).toEqual(labels)
  })
})
