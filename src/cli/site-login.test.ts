import { expect, it } from 'vitest'
import type { SiteLogin } from '../sessions/site-logins.ts'
import { siteLoginCommand } from './site-login.ts'

const login = {
  session: 'default',
  site: 'example.com',
  state: 'suspect',
  since: '2026-11-30T12:00:00.000Z',
  reason: 'app.example.com answered 401 with the cookies',
  url: 'https://app.example.com/',
} as const satisfies SiteLogin

it.each<[string, SiteLogin['credential'], string]>([
  ['cookies', undefined, 'hallpass login https://app.example.com/'],
  ['a value that a person set', { name: 'api', kind: 'bearer' }, 'hallpass token set api'],
  ['tokens of a login', { name: 'api', kind: 'oauth2' }, 'hallpass token login api'],
  [
    'a value in web storage',
    { name: 'api', kind: 'web-storage', signInAt: 'https://a.test/' },
    'hallpass login https://a.test/',
  ],
  ['what a command prints', { name: 'api', kind: 'bearer', command: 'gh auth token' }, 'gh auth token'],
  ['a value in a file', { name: 'api', kind: 'bearer', file: '/run/key' }, 'ls -lL /run/key'],
])('the command for %s', (_, credential, command) => {
  expect(siteLoginCommand({ ...login, ...(credential && { credential }) })).toBe(command)
})
