import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseHostPattern } from './host-pattern.ts'
import { decidingRule, type Rule } from './rule.ts'
import { ruleSchema } from './rule-schema.ts'

const rule = (...hosts: string[]): Rule => ({ hosts: hosts.map(parseHostPattern) })

describe('the deciding rule', () => {
  it('is the one with the most specific pattern, wherever it stands', () => {
    const rules = [
      rule('*'),
      rule('*.example.com', 'other.test'),
      rule('api.example.com'),
      rule('*.example.com:8443'),
    ]
    expect(decidingRule(rules, 'api.example.com', 443)).toMatchObject({
      index: 2,
      why: 'the most specific of 3 rules for this host',
    })
    expect(decidingRule(rules, 'www.example.com', 443)?.pattern.text).toBe('*.example.com')
    expect(decidingRule(rules, 'www.example.com', 8443)?.index).toBe(3)
    expect(decidingRule(rules, 'else.test', 443)).toMatchObject({
      index: 0,
      why: 'the only rule for this host',
    })
  })

  it('is the first of two that are equally specific', () =>
    expect(decidingRule([rule('a.test'), rule('a.test')], 'a.test', 443)?.index).toBe(0))

  it('may be absent', () => expect(decidingRule([rule('a.test')], 'b.test', 443)).toBeUndefined())
})

describe('a rule in the configuration', () => {
  it('says where a host or a request pattern is wrong, and why', () => {
    const { error } = ruleSchema(z).safeParse({
      hosts: ['a.test', 'https://b.test'],
      allow: ['GET /**', 'POST'],
    })
    expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['hosts.1', expect.stringContaining('is a URL')],
      ['allow.1', expect.stringContaining('a method and a path')],
    ])
  })

  it('needs hosts and has no keys but its own', () => {
    expect(ruleSchema(z).safeParse({ hosts: [] }).success).toBe(false)
    expect(ruleSchema(z).safeParse({ hosts: ['a.test'], hots: [] }).success).toBe(false)
    expect(ruleSchema(z).safeParse({ hosts: ['a.test'], reveal: 'some' }).success).toBe(false)
  })
})
