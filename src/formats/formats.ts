import { HallpassError } from '../errors.ts'
import { agentCookieStore } from './agent-cookie-store.ts'
import { curl } from './curl.ts'
import { extension } from './extension.ts'
import type { Format } from './format.ts'
import { har } from './har.ts'
import { header } from './header.ts'
import { netscape } from './netscape.ts'
import { puppeteer } from './puppeteer.ts'
import { setCookieText } from './set-cookie-text.ts'
import { formatInvalid, type Source } from './source.ts'
import { storageState } from './storage-state.ts'

/** Every format of text, in the order in which a file is asked whether it is one: the more particular first. */
export const formats: readonly Format[] = [
  har,
  agentCookieStore,
  storageState,
  extension,
  puppeteer,
  netscape,
  setCookieText,
  curl,
  header,
]

/** By name or alias. */
export function formatNamed(name: string): Format | undefined {
  return formats.find((format) => format.name === name || format.aliases.includes(name))
}

/** @throws HallpassError `format-invalid` when it is none of them */
export function formatOf(source: Source): Format {
  const found = formats.find((format) => format.detects(source))
  if (found !== undefined) return found
  const { latin1, json } = source
  if (latin1.trim() === '') throw formatInvalid('it is empty')
  const nul = latin1.indexOf('\0')
  if (nul !== -1)
    throw formatInvalid(`line ${latin1.slice(0, nul).split('\n').length}: a NUL byte: it is no text`)
  if (/^\s*[[{]/.test(latin1) && 'flaw' in json) throw formatInvalid(json.flaw)
  throw new HallpassError('format-invalid', 'it is in none of the formats that are known', {
    hint: 'hallpass import --help',
  })
}
