import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { writePreferences } from './chromium-profile.ts'

const off = {
  credentials_enable_service: false,
  credentials_enable_autosignin: false,
  profile: { password_manager_enabled: false },
  autofill: { profile_enabled: false, credit_card_enabled: false },
}

it.each([
  ['a new profile', undefined, off],
  ['a damaged file', '{"profile":', off],
  [
    'the preferences of an older window',
    '{"a":1,"profile":{"name":"Ada","password_manager_enabled":true},"autofill":7}',
    { a: 1, ...off, profile: { name: 'Ada', password_manager_enabled: false } },
  ],
])('switches the offers to save passwords off in %s, and keeps the rest', (_, before, after) => {
  const profile = mkdtempSync(join(tmpdir(), 'hallpass-test-'))
  onTestFinished(() => rmSync(profile, { recursive: true }))
  const file = join(profile, 'Default', 'Preferences')
  if (before !== undefined) {
    mkdirSync(join(profile, 'Default'))
    writeFileSync(file, before)
  }
  writePreferences(profile)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(after)
})
