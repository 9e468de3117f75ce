import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { credential, now, requestTo, ruleSet } from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { credentialOf } from '../credentials/credential.ts'
import { placeholder as kind } from '../credentials/placeholder.ts'
import { fieldLine } from '../http1/field-line.ts'
import { isTargetText } from '../http1/request-target.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import { applyPlan } from './apply.ts'
import { plan } from './plan.ts'

const visible = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(0x21 + index))
const dummies = fc.string({ unit: fc.constantFrom(...visible), minLength: 8, maxLength: 30 })
const around = fc.string({ unit: fc.constantFrom(...'aZ09-_./+=%:;,~'), maxLength: 9 })

const hex = (character: string, upper: boolean) => {
  const digits = character.charCodeAt(0).toString(16).padStart(2, '0')
  return `%${upper ? digits.toUpperCase() : digits}`
}
const encodings: Readonly<Record<string, (text: string) => string>> = {
  raw: (text) => text,
  component: encodeURIComponent,
  everyByte: (text) => [...text].map((character) => hex(character, false)).join(''),
  everyOtherByte: (text) =>
    [...text].map((character, index) => (index % 2 === 0 ? hex(character, true) : character)).join(''),
  twice: (text) => encodeURIComponent([...text].map((character) => hex(character, true)).join('')),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  basicUser: (text) => `Basic ${Buffer.from(`${text}:x`).toString('base64')}`,
  basicPassword: (text) => `Basic ${Buffer.from(`user:${text}`).toString('base64')}`,
  base64Percent: (text) => encodeURIComponent(Buffer.from(`user:${text}`).toString('base64')),
  percentBase64: (text) => Buffer.from(encodeURIComponent(text)).toString('base64'),
  base64Twice: (text) => Buffer.from(`u:${Buffer.from(text).toString('base64')}`).toString('base64'),
}
const places: Readonly<Record<string, (text: string) => { target: string; header?: [string, string] }>> = {
  path: (text) => ({ target: `/a/${text}` }),
  query: (text) => ({ target: `/a?b=${text}` }),
  parameter: (text) => ({ target: `/a?${text}=b` }),
  header: (text) => ({ target: '/', header: ['X-Any', text] }),
  cookie: (text) => ({ target: '/', header: ['Cookie', `a=b; c=${text}`] }),
  authorization: (text) => ({ target: '/', header: ['Authorization', text] }),
}

const holder = (placeholder: string, value: string, host: string, name = 'it') =>
  credential({ name, kind: 'placeholder', hosts: [host], placeholder, value })

function apply(
  url: string,
  credentials: readonly ReturnType<typeof credential>[],
  { target, header }: { target: string; header?: [string, string] },
) {
  const made = plan(requestTo(url), { jar: new Jar(), credentials }, ruleSet(), {}, now)
  const fields = header === undefined ? [] : [{ name: header[0], value: header[1] }]
  return applyPlan(made, { target, fields })
}

test.prop(
  [
    dummies,
    around,
    around,
    fc.constantFrom(...Object.keys(encodings)),
    fc.constantFrom(...Object.keys(places)),
    fc.boolean(),
  ],
  { numRuns: 3000 },
)(
  'never leaves for another host, in any encoding that is tried',
  (dummy, before, after, how, where, beside) => {
    const encode = encodings[how] ?? String
    const place = places[where]?.(encode(`${before}${dummy}${after}`))
    if (place === undefined) return
    const others = beside ? [holder('another-dummy', 'v', 'b.test', 'other')] : []
    const edits = apply('https://b.test/', [holder(dummy, 's3cret-value', 'a.test'), ...others], place)
    expect(edits.refusal?.refused).toContain('the placeholder of "it"')
    expect(edits.add).toEqual([])
  },
)

test.prop([dummies, around, around, fc.constantFrom(...Object.keys(places))], { numRuns: 1000 })(
  'gives nothing but its own place away on the way to its host',
  (dummy, before, after, where) => {
    fc.pre(!`${before}${after}`.includes('%'))
    const text =
      where === 'header' ? `${before}${dummy}${after}` : `${before}${encodeURIComponent(dummy)}${after}`
    const place = places[where]?.(text)
    if (place === undefined) return
    const edits = apply('https://a.test/', [holder(dummy, 's3cret', 'a.test')], place)
    if (where === 'header') expect(edits.add[0]?.value).toBe(`${before}s3cret${after}`)
    else if (where === 'query') expect(edits.target).toBe(`/a?b=${before}s3cret${after}`)
    else if (where === 'path') expect(edits.target).toBeUndefined()
    expect(edits.remove.size).toBe(edits.add.length)
  },
)

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })

test.prop([dummies, anyText, fc.boolean(), fc.constantFrom(...Object.keys(places))], { numRuns: 2000 })(
  'puts no line into a head, whatever its value is, also one that never went through `token set`',
  (dummy, value, basic, where) => {
    const definition = {
      kind: 'placeholder' as const,
      hosts: [parseHostPattern('a.test')],
      placeholder: dummy,
    }
    const sealed = credentialOf('it', definition, kind, { bound: undefined, secret: { value } })
    const text = basic ? `Basic ${Buffer.from(`u:${dummy}`).toString('base64')}` : dummy
    const place = places[where]?.(where === 'path' || where === 'query' ? encodeURIComponent(text) : text)
    if (place === undefined) return
    const edits = apply('https://a.test/', [sealed], place)
    for (const { name, value: sent } of edits.add) expect(fieldLine(name, sent).raw).not.toMatch(/[\r\n\0]/)
    if (where === 'query' && edits.target !== undefined) expect(isTargetText(edits.target)).toBe(true)
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) expect(edits.attachedNames).toEqual([])
  },
)
