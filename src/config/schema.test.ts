import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkName } from '../store/names.ts'
import { environmentName } from './environment.ts'
import { configJsonSchema } from './json-schema.ts'
import { plainSettings } from './plain-settings.ts'
import { defaults, isCredentialName, type Key, settingsSchema } from './schema.ts'

describe('the schema', () => {
  it('has the keys that have a default', () => {
    expect(Object.keys(settingsSchema(z).shape)).toEqual(Object.keys(defaults))
  })

  it('reads the defaults, written as a file would say them, as the defaults', () => {
    expect(settingsSchema(z).parse(Object.fromEntries(plainSettings(defaults)))).toEqual(defaults)
  })

  it('gives every key but rules, credentials and health a name in the environment', () => {
    const names = (Object.keys(defaults) as Key[]).map(environmentName)
    expect(names).toEqual([
      'HALLPASS_LISTEN',
      'HALLPASS_LISTEN_BEYOND_LOOPBACK',
      'HALLPASS_INTERCEPT',
      'HALLPASS_CAPTURE',
      'HALLPASS_REVEAL',
      'HALLPASS_UPSTREAM',
      'HALLPASS_UPSTREAM_CA',
      'HALLPASS_RESOLVE',
      'HALLPASS_REPLAY',
      'HALLPASS_MAX_SESSIONS',
      'HALLPASS_SESSION_TTL',
      'HALLPASS_SESSION_RENEWAL',
      'HALLPASS_SESSION_SWEEP',
      'HALLPASS_WARN_DAYS',
      undefined,
      undefined,
      undefined,
    ])
  })

  property.prop([
    fc.oneof(
      fc.string(),
      fc.stringMatching(/^[a-z0-9._-]{0,66}$/),
      fc.constantFrom('constructor', 'a..b', '__proto__'),
    ),
  ])('takes those names of credentials that the store takes', (name) => {
    const taken = (() => {
      try {
        return checkName('credential', name) === name
      } catch {
        return false
      }
    })()
    expect(isCredentialName(name)).toBe(taken)
  })
})

describe('the JSON schema', () => {
  const schema = configJsonSchema() as {
    properties: Record<string, { description?: string }>
    additionalProperties: boolean
  }

  it('describes every key and allows no other', () => {
    expect(Object.keys(schema.properties)).toEqual(Object.keys(defaults))
    expect(Object.values(schema.properties).filter(({ description }) => !description)).toEqual([])
    expect(schema.additionalProperties).toBe(false)
  })

  it('knows the kinds of credentials', () => {
    expect(JSON.stringify(schema.properties.credentials)).toMatch(/"const":"bearer".*"const":"mirror"/)
  })
})
