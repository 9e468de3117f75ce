import { expect, it } from 'vitest'
import type { GivenCookie } from '../../formats/format.ts'
import { cookieChanges } from './cookie-changes.ts'

const cookie = (name: string, value: string): GivenCookie => ({
  name,
  value,
  domain: 'app.site.test',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: false,
  sameSite: 'default',
})

/** `sid=1 theme=dark` */
const cookies = (text: string) =>
  text.split(' ').flatMap((pair) => {
    const [name = '', value = ''] = pair.split('=')
    return name === '' ? [] : [cookie(name, value)]
  })
const told = (text: string) =>
  cookies(text).map((each, index) => ({ where: `cookies[${index}]`, cookie: each }))
const held = (text: string) => cookies(text).map((each) => ({ ...each, createdAt: 0, updatedAt: 0 }))

it.each<[what: string, put: string, seen: string, before: string, now: string, come: string, gone: string]>([
  ['is new in the window', '', 'a=1', '', '', 'a=1', ''],
  ['the window has changed', 'a=1', 'a=2', 'a=1', 'a=1', 'a=2', ''],
  ['the window has not changed', 'a=1', 'a=1', 'a=1', 'a=1', '', ''],
  ['another tool has rotated and the window has not changed', 'a=1', 'a=1', 'a=2', 'a=2', '', ''],
  ['the window no longer has', 'a=1 b=1', 'b=1', 'a=1 b=1', 'a=1 b=1', '', 'a=1'],
  ['the window never had', '', '', 'a=1', 'a=1', '', ''],
  ['a response set after the last reading', 'a=1', 'a=1', 'a=1', 'a=2', '', ''],
  ['a response set after the last reading, and was new before', '', 'a=1', 'a=1', 'a=2', '', ''],
  ['a response removed after the last reading', '', 'a=1', 'a=1', '', '', ''],
  ['a response set again after the window removed it', 'a=1', '', '', 'a=2', '', ''],
])('of a cookie that %s', (_, put, seen, before, now, come, gone) => {
  const changes = cookieChanges({ put: told(put), seen: told(seen), before: held(before), now: held(now) })
  expect(changes.come.map((each) => each.cookie)).toEqual(cookies(come))
  expect(changes.gone).toEqual(cookies(gone))
})
