import { resolve, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { homePaths } from './home.ts'
import { checkName, isName, type NameKind } from './names.ts'
import { recordLock, recordPath, sessionFile } from './record-path.ts'
import type { SealId } from './seal.ts'

const kinds: readonly NameKind[] = ['session', 'credential', 'site']

describe('a name', () => {
  it.each<[NameKind, string]>([
    ['session', 'default'],
    ['session', 'sess_0f3a'],
    ['session', 'a'.repeat(64)],
    ['credential', 'x-csrf'],
    ['credential', 'api.v2'],
    ['site', 'example.co.uk'],
    ['site', 'localhost'],
    ['site', '10.0.0.1'],
    ['site', '::1'],
    ['site', '2001:db8::7'],
    ['site', '::ffff:10.0.0.1'],
    ['site', 'xn--bcher-kva.example'],
    ['site', '_dmarc.example.com'],
    ['site', 'hasownproperty'],
  ])('of a %s may be %s', (kind, name) => {
    expect(checkName(kind, name)).toBe(name)
  })

  const hostile = [
    ['', 'nothing'],
    ['.', 'this folder'],
    ['..', 'the folder above'],
    ['../../etc/passwd', 'a way up'],
    ['/etc/passwd', 'an absolute path'],
    ['C:\\windows', 'an absolute path of Windows'],
    ['a/b', 'a path'],
    ['a\\b', 'a path of Windows'],
    ['a\0', 'NUL, where C ends the name'],
    ['a\n', 'a line end, which $ alone would let through'],
    ['__proto__', 'the prototype'],
    ['constructor', 'the constructor'],
    ['Work', 'upper case, the same folder as work on some systems'],
    ['bücher', 'a letter with two spellings in Unicode'],
    ['a\u2025b', 'something that normalises to dots'],
    ['.hidden', 'a leading dot'],
    ['a..b', 'two dots'],
    ['-rf', 'an option'],
    ['fe80::1%eth0', 'an IPv6 zone'],
    ['a'.repeat(300), 'far too long'],
    ['a b', 'a space'],
    ['a%2fb', 'an escaped slash'],
    ['~', 'the home folder'],
  ] as const

  it.each(hostile)('is never %j (%s)', (name) => {
    for (const kind of kinds) {
      if (kind === 'site' && name === '-rf') continue // a label; it only ever follows a slash
      expect(() => checkName(kind, name), kind).toThrow(expect.objectContaining({ code: 'name-invalid' }))
    }
  })

  it('is shown in the error, shortened', () => {
    expect(() => checkName('session', `\u001b[2J${'x'.repeat(500)}`)).toThrow(
      /^"\\u001b\[2Jx{70,80}…" cannot be/,
    )
  })

  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ab.-_/\\:\0~%A') }),
  )
  const home = homePaths('/state')

  it('that is valid stays inside its folder, whatever its characters', () => {
    const inside = (path: string) =>
      expect(path.startsWith(`${home.sessions}${sep}`) && resolve(path) === path).toBe(true)
    fc.assert(
      fc.property(anyText, anyText, (session, name) => {
        if (!isName('session', session)) return
        inside(sessionFile(home, session))
        if (isName('site', name)) inside(recordPath(home, { kind: 'cookies', session, name }))
        if (isName('credential', name)) inside(recordPath(home, { kind: 'credential', session, name }))
      }),
      { numRuns: 5_000 },
    )
  })

  it('that does not pass makes no path', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const refused = expect.objectContaining({ code: 'name-invalid' })
        if (!isName('session', name)) expect(() => sessionFile(home, name)).toThrow(refused)
        if (!isName('site', name)) {
          expect(() => recordPath(home, { kind: 'storage', session: 'work', name })).toThrow(refused)
        }
      }),
    )
  })
})

describe('the path of a record', () => {
  const home = homePaths('/state')
  const ids: readonly SealId[] = [
    { kind: 'cookies', session: 'work', name: 'example.com' },
    { kind: 'storage', session: 'work', name: 'example.com' },
    { kind: 'credential', session: 'work', name: 'example.com' },
    { kind: 'cookies', session: 'other', name: 'example.com' },
    { kind: 'undo', session: 'work', name: '' },
    { kind: 'ca', session: '', name: 'ca.key' },
  ]

  it('and its lock belong to that record alone', () => {
    expect(new Set(ids.map((id) => recordPath(home, id))).size).toBe(ids.length)
    expect(new Set(ids.map((id) => recordLock(home, id))).size).toBe(ids.length)
  })

  it('exists only for the one undo record and the one authority', () => {
    const refused = expect.objectContaining({ code: 'name-invalid' })
    expect(() => recordPath(home, { kind: 'undo', session: 'work', name: 'second' })).toThrow(refused)
    expect(() => recordPath(home, { kind: 'ca', session: 'work', name: 'ca.key' })).toThrow(refused)
  })
})
