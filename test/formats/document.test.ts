import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Holds } from '../../src/formats/format.ts'
import { allFormats, type NamedFormat } from '../../src/formats/formats.ts'
import { Secret } from '../../src/secret.ts'
import { openBundle } from '../../src/sessions/bundle.ts'

const formats = await allFormats()
const document = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8')

/** A bundle is the session itself. */
const whole: Holds = {
  domain: true,
  path: true,
  expiry: 'milliseconds',
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
  localStorage: true,
  sessionStorage: true,
  indexedDB: true,
  bytes: 'all',
}

function row({ name, holds }: Pick<NamedFormat, 'name'> & { readonly holds?: Holds | undefined }): string {
  if (holds === undefined) return `| \`${name}\` | in |${' |'.repeat(11)}`
  const says = (held: boolean) => (held ? 'yes' : '–')
  const {
    domain,
    path,
    expiry,
    secure,
    httpOnly,
    sameSite,
    partitioned,
    localStorage,
    sessionStorage,
    indexedDB,
    bytes,
  } = holds
  const flags = [secure, httpOnly, sameSite, partitioned, localStorage, sessionStorage, indexedDB].map(says)
  return `| ${[`\`${name}\``, 'in, out', says(domain), says(path), expiry, ...flags, bytes].join(' | ')} |`
}

test('docs/formats.md lists the attributes that each format holds', () => {
  const rows = document.split('\n').filter((line) => line.startsWith('| `'))
  expect(rows.sort()).toEqual([...formats, { name: 'bundle', holds: whole }].map(row).sort())
})

test('docs/formats.md names every alias', () => {
  const aliases = formats.flatMap((format) => format.aliases)
  expect(aliases.filter((alias) => !document.includes(alias))).toEqual([])
})

test('the bundle of docs/formats.md opens to the contents beside it', async () => {
  const block = (language: string) =>
    document.match(new RegExp(`^\`\`\`json ${language}\\n(.*?)\\n\`\`\`$`, 'ms'))?.[1] ?? ''
  const opened = await openBundle(block('bundle'), async () => new Secret('correct horse battery staple'))
  const { cookies, origins, credentials } = JSON.parse(block('contents'))
  expect(opened.cookies.map(({ cookie }) => cookie)).toEqual(cookies)
  expect(opened.origins.map(({ storage }) => storage)).toEqual(origins)
  expect(opened.credentials).toEqual(credentials)
})
