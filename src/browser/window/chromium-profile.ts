import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, type JsonObject, parseJsonObject } from '../../json.ts'

/** The profile is not sealed: Chrome keeps no password, address or card in it, and does not offer to. */
const offersOff: JsonObject = {
  credentials_enable_service: false,
  credentials_enable_autosignin: false,
  profile: { password_manager_enabled: false },
  autofill: { profile_enabled: false, credit_card_enabled: false },
}

/** Puts the preferences of our windows among those of the profile, before the browser starts. */
export function writePreferences(profile: string): void {
  const folder = join(profile, 'Default')
  const file = join(folder, 'Preferences')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(file, JSON.stringify(merged(preferencesIn(file), offersOff)), { mode: 0o600 })
}

/** Empty if the file is missing or damaged. Chrome replaces a damaged file too. */
function preferencesIn(file: string): JsonObject {
  try {
    return parseJsonObject(readFileSync(file, 'utf8')) ?? {}
  } catch {
    return {}
  }
}

function merged(before: JsonObject, over: JsonObject): JsonObject {
  const entries = Object.entries(over).map(([key, value]) => {
    const old = before[key]
    return [key, isObject(value) ? merged(isObject(old) ? old : {}, value) : value] as const
  })
  return { ...before, ...Object.fromEntries(entries) }
}
