import { describe, expect, it } from 'vitest'
import { checkTraits } from './session-traits.ts'

describe('the traits of a session', () => {
  it('are taken as they were given', () => {
    const traits = {
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Example/1.0',
      viewport: { width: 1280, height: 800 },
      locale: 'de-CH',
      timeZone: 'Europe/Zurich',
      fields: { owner: 'ada', tags: ['a', 1, null], deep: { yes: true } },
    }
    expect(checkTraits(traits)).toEqual(traits)
    expect(checkTraits({ locale: undefined })).toEqual({})
  })

  it('have tags and zones in the spelling of the standards', () => {
    expect(checkTraits({ locale: 'DE-ch', timeZone: 'europe/zurich' })).toEqual({
      locale: 'de-CH',
      timeZone: 'Europe/Zurich',
    })
    // Another name of Asia/Calcutta for Intl.
    expect(checkTraits({ timeZone: 'Asia/Kolkata' })).toEqual({ timeZone: 'Asia/Kolkata' })
  })

  const cycle: Record<string, unknown> = {}
  cycle.itself = cycle
  it.each<[what: string, given: Parameters<typeof checkTraits>[0]]>([
    ['an empty user agent', { userAgent: '' }],
    ['a user agent with a line break', { userAgent: 'a\r\nCookie: x=1' }],
    ['a user agent that is not ASCII', { userAgent: 'hällpass' }],
    ['a user agent with a blank at its end', { userAgent: 'a ' }],
    ['a user agent without end', { userAgent: 'a'.repeat(513) }],
    ['a user agent that is a list', { userAgent: ['a'] }],
    ['a viewport that is a text', { viewport: '1280x800' }],
    ['half a viewport', { viewport: { width: 1280 } }],
    ['a viewport of nothing', { viewport: { width: 0, height: 800 } }],
    ['a viewport of half pixels', { viewport: { width: 1280.5, height: 800 } }],
    ['a viewport beyond all screens', { viewport: { width: 1280, height: 1e9 } }],
    ['a viewport with more than a size', { viewport: { width: 1280, height: 800, scale: 2 } }],
    ['a locale that is none', { locale: 'de_CH' }],
    ['two locales', { locale: 'de,en' }],
    ['an empty locale', { locale: '' }],
    ['a time zone that is none', { timeZone: 'Europe/Nowhere' }],
    ['an offset for a time zone', { timeZone: '+01:00' }],
    ['a path for a time zone', { timeZone: '../../etc/passwd' }],
    ['fields that are a list', { fields: [1] }],
    ['fields that are a text', { fields: 'a=b' }],
    ['fields that JSON cannot say', { fields: { at: new Date(0) } }],
    ['a number that JSON cannot say', { fields: { n: Number.NaN } }],
    ['fields with themselves in them', { fields: cycle }],
    ['a field without a name', { fields: { '': 1 } }],
    ['a field that reaches a prototype', { fields: JSON.parse('{"__proto__":{"admin":true}}') }],
    ['more than 16 KiB of fields', { fields: { note: 'ä'.repeat(8_200) } }],
  ])('cannot be %s', (_, given) => {
    expect(() => checkTraits(given)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})
