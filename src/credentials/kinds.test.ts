import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { HallpassError } from '../errors.ts'
import { placeText } from './credential.ts'
import { credentialDefinitionSchema, kindNames, kindOf, kinds } from './kinds.ts'

const hosts = ['api.example.com', '*.example.org:8443']
/** The example of the configuration has an entry of each kind. */
const example: Readonly<Record<string, { readonly kind: string }>> = parse(
  readFileSync(new URL('../../config.example.yaml', import.meta.url), 'utf8'),
).credentials
const own = (name: string) => Object.values(example).find(({ kind }) => kind === name)

/** Values that are not one line of text. The word "pass" is part of the secret. */
const json: Readonly<Record<string, string>> = {
  oauth1: '{"consumerKey":"user","consumerSecret":"pass"}',
  sigv4: '{"accessKeyId":"user","secretAccessKey":"pass"}',
  oauth2: '{"access_token":"user:pass"}',
}
const typed = (kind: string) => json[kind] ?? 'user:pass'
const printed = (kind: string) => (kind === 'oauth2' ? 'user:pass' : typed(kind))

const define = (input: Record<string, unknown>) => credentialDefinitionSchema(z).parse(input)

it('has a name of its own for every kind', () => expect(new Set(kindNames).size).toBe(kinds.length))

it('knows no kind by which objects reach their prototype', () => {
  for (const name of ['__proto__', 'constructor', 'toString', '']) expect(kindOf(name)).toBeUndefined()
})

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('%s', (name, kind) => {
  const input = { ...own(name), kind: name, hosts }

  it('takes its definition, with hosts, override and allowHttp, and gives a place', () => {
    const definition = define({ ...input, override: false, allowHttp: true })
    expect(definition.hosts?.map(({ text }) => text)).toEqual(hosts)
    expect(definition).toMatchObject({ override: false, allowHttp: true })
    expect(placeText(kind.place(definition))).not.toBe('')
  })

  it('does without hosts, for a rule that names it', () =>
    expect(define({ ...input, hosts: undefined }).hosts).toBeUndefined())

  it.each([
    ['an unknown key', { hots: [] }],
    ['an empty list of hosts', { hosts: [] }],
    ['an invalid host', { hosts: ['https://example.com/'] }],
    ['a secret among the options', { token: 'x', value: 'x', password: 'x' }],
    ['a word for yes', { override: 'yes' }],
  ])('refuses %s', (_, wrong) => expect(() => define({ ...input, ...wrong })).toThrow())

  it('refuses a value that could leave its line, and repeats it in no message', () => {
    const { secret } = kind
    if (secret === undefined) return
    const marker = 'm4rker'
    for (const control of ['\r\n', '\n', '\0', '\x1b', '\x7f', '\t']) {
      const text = `${marker}:${control}x`
      const error = caught(() => secret.parse(text, 0))
      expect(error).toBeInstanceOf(HallpassError)
      expect(error).toMatchObject({ code: 'value-invalid' })
      expect(String(error)).not.toContain(marker)
    }
    expect(caught(() => secret.parse('', 0))).toMatchObject({ code: 'value-invalid' })
    expect(caught(() => secret.parse('\n', 0))).toMatchObject({ code: 'value-invalid' })
    expect(caught(() => secret.parse('a:\ud800', 0))).toMatchObject({ code: 'value-invalid' })
  })

  it('accepts a sealed value only in the same form', () => {
    const { secret } = kind
    if (secret === undefined) return
    const schema = secret.schema(z)
    const value = secret.parse(typed(name), 0)
    expect(schema.safeParse(value).success).toBe(true)
    const broken = JSON.parse(JSON.stringify(value).replace('pass', 'pa\\r\\nss'))
    expect(schema.safeParse(broken).success).toBe(false)
    expect(schema.safeParse({}).success).toBe(false)
    expect(schema.safeParse(typed(name)).success).toBe(false)
  })

  it('drops the line end that echo leaves, and prints the same value', () => {
    const { secret } = kind
    if (secret === undefined) return
    for (const end of ['', '\n', '\r\n'])
      expect(secret.print(secret.parse(`${typed(name)}${end}`, 0))).toBe(printed(name))
    if (json[name] === undefined)
      expect(caught(() => secret.parse('user:pass\n\n', 0))).toMatchObject({ code: 'value-invalid' })
  })
})

it('names the kinds, and the missing option of a kind', () => {
  expect(() => define({ kind: 'bearir', hosts })).toThrow()
  expect(() => define({ kind: 'header', hosts })).toThrow(/header/)
  expect(() => define({ kind: 'mirror', hosts, header: 'x' })).toThrow(/cookie/)
})

function caught(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
