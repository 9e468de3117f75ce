import { describe, expect, it } from 'vitest'
import { type CredentialSpec, credential, jarOf, ruleSet, scope } from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import { knowledgeOf } from './knowledge.ts'

const about = (
  host: string,
  given: {
    jar?: Jar
    credentials?: readonly CredentialSpec[]
    rules?: Parameters<typeof ruleSet>
    scope?: Parameters<typeof scope>[0]
  },
) =>
  knowledgeOf(
    host,
    443,
    { jar: given.jar ?? new Jar(), credentials: (given.credentials ?? []).map(credential) },
    ruleSet(...(given.rules ?? [])),
    scope(given.scope),
  )

const pattern = parseHostPattern('app.example.com')

describe('a host is known, and its cookies are taken in,', () => {
  it.each([
    ['when a rule names it', { rules: [[{ hosts: ['*.example.com'] }]] as const }, /rule/],
    [
      'when a credential is for it',
      { credentials: [{ name: 'api', hosts: ['app.example.com'], value: 'x' }] },
      /credential api/,
    ],
    [
      'when a credential without a value is for it',
      { credentials: [{ name: 'api', hosts: ['*'] }] },
      /credential api/,
    ],
    ['when the session has cookies of it', { jar: jarOf(['https://app.example.com/', 'a=1']) }, /cookies/],
    [
      'when it is below a domain of which the session has cookies',
      { jar: jarOf(['https://www.example.com/', 'a=1; Domain=example.com']) },
      /cookies/,
    ],
    ['when the client captures it', { scope: { capture: ['*'] } }, /--capture/],
    ['when the configuration captures it', { rules: [[], { capture: [pattern] }] as const }, /capture:/],
  ])('%s', (_, given, why) => {
    const knowledge = about('app.example.com', given as Parameters<typeof about>[1])
    expect(knowledge).toMatchObject({ known: true, captures: true })
    expect(knowledge.why).toMatch(why)
  })

  it('also after all its cookies are gone', () => {
    const jar = jarOf(['https://app.example.com/', 'a=1', 'a=; Max-Age=0'])
    expect(jar.all()).toEqual([])
    expect(about('app.example.com', { jar })).toMatchObject({ known: true, captures: true })
  })
})

it('is known because of the first credential by name, in whatever order they come', () => {
  const both = ['a', 'b'].map((name) => ({ name, hosts: ['*'] }))
  for (const credentials of [both, both.toReversed()])
    expect(about('app.example.com', { credentials }).why).toBe('the credential a is for it')
})

it('is known, but its cookies stay out, when only intercept names it', () => {
  for (const intercept of ['all' as const, [pattern]])
    expect(about('app.example.com', { rules: [[], { intercept }] })).toMatchObject({
      known: true,
      captures: false,
    })
})

it('is not known otherwise', () => {
  const jar = jarOf(['https://app.example.com/', 'a=1'])
  expect(
    about('other.test', { jar, rules: [[{ hosts: ['a.test'] }], { intercept: [pattern] }] }),
  ).toMatchObject({
    known: false,
    captures: false,
  })
  expect(about('www.example.com', { jar }).known).toBe(false)
  expect(about('app.example.com.evil.test', { jar }).known).toBe(false)
})

describe('a host that --only does not name', () => {
  const only = { only: ['app.example.com'] }

  it('is left alone, though the session knows it', () => {
    const jar = jarOf(['https://www.example.com/', 'a=1'])
    expect(
      about('www.example.com', { jar, scope: only, rules: [[{ hosts: ['*'] }], { intercept: 'all' }] }),
    ).toMatchObject({
      known: false,
      captures: false,
      why: '--only does not name www.example.com',
    })
    expect(about('www.example.com', { jar, scope: { ...only, capture: ['*'] } }).captures).toBe(false)
  })

  it('is opened where a rule limits requests to it', () =>
    expect(
      about('www.example.com', { scope: only, rules: [[{ hosts: ['*'], allow: ['GET /**'] }]] }),
    ).toMatchObject({
      known: true,
      captures: false,
    }))
})
