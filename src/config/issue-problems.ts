import type { z } from 'zod'
import { kindNames, kindOf } from '../credentials/kinds.ts'
import { ruleSchema, type Zod } from '../rules/rule-schema.ts'
import { didYouMean } from './did-you-mean.ts'
import { settingsSchema } from './schema.ts'

type Issue = z.core.$ZodIssue

/** A complaint of the schema in our words. It quotes no value, because the value may be a secret. */
export interface IssueProblem {
  readonly path: readonly PropertyKey[]
  readonly part: 'key' | 'value'
  readonly message: string
  readonly hint?: string | undefined
}

/** @param raw the checked value, to tell a missing part from a wrong one */
export function issueProblems(z: Zod, issues: readonly Issue[], raw: unknown): IssueProblem[] {
  return issues.flatMap((issue) => {
    const { path } = issue
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => unknownKey(z, path, key, raw))
      case 'invalid_union':
        return unionProblems(z, issue, raw)
      case 'invalid_type':
        return [{ path, part: 'value', message: wrongType(issue.expected, valueAt(raw, path)) }]
      case 'invalid_value':
        return [{ path, part: 'value', message: oneOf(issue.values.map(String), valueAt(raw, path)) }]
      case 'too_small':
        return [{ path, part: 'value', message: tooSmall(issue) }]
      case 'too_big':
        return [{ path, part: 'value', message: `must be at most ${issue.maximum}` }]
      case 'custom':
        return [{ path, part: 'value', message: issue.message }]
      default:
        return [{ path, part: 'value', message: issue.message.replace(/^Invalid [^:]*: /, '') }]
    }
  })
}

function tooSmall(issue: z.core.$ZodIssueTooSmall): string {
  if (issue.origin === 'number' || issue.origin === 'int') return `must be at least ${issue.minimum}`
  return issue.origin === 'array' ? 'must have at least one' : 'must not be empty'
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
}

function wrongType(expected: string, value: unknown): string {
  const wanted = typeNames[expected] ?? expected
  const text = `must be ${wanted}`
  return value === undefined ? `is missing, and ${text}` : text
}

function oneOf(known: readonly string[], value: unknown): string {
  const near = typeof value === 'string' ? didYouMean(value, known) : undefined
  const guess = near === undefined ? '' : ` (did you mean "${near}"?)`
  return `must be ${known.length === 1 ? '' : 'one of '}${known.join(', ')}${guess}`
}

function unionProblems(z: Zod, issue: z.core.$ZodIssueInvalidUnion, raw: unknown): IssueProblem[] {
  const { path } = issue
  const value = valueAt(raw, path)
  if (issue.errors.length === 0) {
    // The one union with a discriminator.
    const missing = value === undefined ? 'is missing, and ' : ''
    return [{ path, part: 'value', message: missing + oneOf(kindNames, value) }]
  }
  const fits = issue.errors.filter((issues) =>
    issues.every(({ path: inner, code }) => inner.length > 0 || code !== 'invalid_type'),
  )
  const branch = fits[0]
  const only = branch?.[0]
  if (branch?.length === 1 && only?.code === 'invalid_value') {
    const message = oneOf([...only.values.map(String), 'a list of hosts'], value)
    return [{ path, part: 'value', message }]
  }
  if (branch === undefined) {
    const wanted = issue.errors.flat().flatMap((each) => (each.code === 'invalid_type' ? each.expected : []))
    const message = `must be ${wanted.map((expected) => typeNames[expected] ?? expected).join(' or ')}`
    return [{ path, part: 'value', message }]
  }
  return issueProblems(
    z,
    branch.map((inner) => ({ ...inner, path: [...path, ...inner.path] })) as Issue[],
    raw,
  )
}

/** Keys that people use for a secret. */
const secretKey = /value|token|password|passwd|secret|passphrase|api_?-?key/i

function unknownKey(z: Zod, path: readonly PropertyKey[], key: string, raw: unknown): IssueProblem {
  const place = { path: [...path, key], part: 'key' as const }
  const [top, name] = path
  if (top === 'credentials' && typeof name === 'string' && secretKey.test(key)) {
    const kind = valueAt(raw, [...path, 'kind'])
    return {
      ...place,
      message: 'the configuration holds no secrets. Type the value at a prompt, or pipe it to stdin',
      hint: `hallpass token set ${name}${typeof kind === 'string' && kindOf(kind) ? ` --kind ${kind}` : ''}`,
    }
  }
  const near = didYouMean(key, knownKeys(z, path, raw))
  const guess = near === undefined ? '' : ` (did you mean "${near}"?)`
  return { ...place, message: `no such key${guess}` }
}

function knownKeys(z: Zod, path: readonly PropertyKey[], raw: unknown): string[] {
  const [top] = path
  if (top === undefined) return Object.keys(settingsSchema(z).shape)
  if (top === 'rules') return Object.keys(ruleSchema(z).shape)
  const options = kindOf(String(valueAt(raw, [...path, 'kind'])))?.options(z)
  return options instanceof z.ZodObject ? Object.keys(options.shape) : []
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Readonly<Record<PropertyKey, unknown>>)[step]
  }
  return value
}
