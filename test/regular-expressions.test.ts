import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { check } from 'recheck'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, it } from 'vitest'

/*
 * A regular expression that backtracks takes the square of the time for a long text, or worse (CWE-1333): one header of 64 KiB
 * then holds the proxy for seconds. So each one in src must work in time that grows with the length of its text.
 */

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((file) => ({ file, ...expressionsOf(readFileSync(join(src, file), 'utf8')) }))

/** Expressions that are put together at run time, and why each is linear all the same. */
const built: Readonly<Record<string, string>> = {
  'browser/stores/firefox.ts': 'a word at the beginning of a line, and the rest of that line',
  'certs/pem.ts': 'no dash between two rows of dashes',
  'cli/spelling.ts': 'a word, and one of our own',
  'formats/curl.ts': 'from the beginning, and nothing before a star',
  'log/printable.ts': 'one character',
  'oauth/answers/dead-grant.ts': 'spans of at most 60 characters, in texts of at most 500',
  'plan/placeholders.ts': 'words of at most 512 characters',
  'rules/loopback.ts': 'an IPv4 address',
  'sessions/child-token.ts': 'one prefix, and 43 characters',
}

describe('regular expressions of src', () => {
  it.each(files.filter(({ literals }) => literals.length > 0))(
    'of $file take time that grows with the length of the text',
    async ({ literals }) => {
      const verdicts = await Promise.all(literals.map(async ({ pattern, flags }) => check(pattern, flags)))
      const slow = verdicts.filter(({ status }) => status !== 'safe')
      expect(slow.map(({ source, status }) => `/${source}/ is ${status}`)).toEqual([])
    },
  )

  it('are literals, which a tool can check, but for those that this file lists', () => {
    const building = files.filter(({ builds }) => builds).map(({ file }) => file)
    expect(building.sort()).toEqual(Object.keys(built))
  })
})

it('the check finds what it is for', async () => {
  const found = expressionsOf(String.raw`const a = 'x'.split(/\s*,\s*/); new RegExp(a); RegExp(a)`)
  expect(found).toEqual({ literals: [{ pattern: String.raw`\s*,\s*`, flags: '' }], builds: true })
  expect((await check(String.raw`\s*,\s*`, '')).status).toBe('vulnerable')
})

interface Expressions {
  readonly literals: readonly { readonly pattern: string; readonly flags: string }[]
  /** Whether there is a call of RegExp. */
  readonly builds: boolean
}

function expressionsOf(code: string): Expressions {
  const literals: { pattern: string; flags: string }[] = []
  let builds = false
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    const { regex, callee } = node as {
      readonly regex?: { readonly pattern: string; readonly flags: string }
      readonly callee?: { readonly name?: string }
    }
    if (regex != null) literals.push({ pattern: regex.pattern, flags: regex.flags })
    if (callee?.name === 'RegExp') builds = true
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(code, { lang: 'ts' }))
  return { literals, builds }
}
