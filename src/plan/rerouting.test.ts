import { describe, expect, it } from 'vitest'
import { reroutingIn } from './rerouting.ts'

const host = { name: 'Host', value: 'a.test' }
const head = (target: string, ...names: readonly string[]) => ({
  target,
  fields: [host, ...names.map((name) => ({ name, value: 'DELETE' }))],
})

describe('fields that name another method or path', () => {
  it.each([
    ['X-HTTP-Method-Override', 'x-http-method-override'],
    ['x-http-method', 'x-http-method'],
    ['X-Method-Override', 'x-method-override'],
    ['X-Original-URL', 'x-original-url'],
    ['X-REWRITE-URL', 'x-rewrite-url'],
    ['X-Original-Method', 'x-original-method'],
    ['X-Forwarded-Uri', 'x-forwarded-uri'],
    ['X_HTTP_METHOD_OVERRIDE', 'x-http-method-override'],
    ['X-Http_Method.Override', 'x-http-method-override'],
  ])('%s', (spelling, name) =>
    expect(reroutingIn(head('/x', spelling))).toEqual({
      rest: { target: '/x', fields: [host] },
      fields: [spelling.toLowerCase()],
      names: [name],
    }),
  )

  it.each([['X-Requested-With'], ['X-HTTP-Method-Overrides'], ['X-Forwarded-Proto'], ['Original-Url']])(
    'not %s',
    (name) => expect(reroutingIn(head('/x', name))).toBeUndefined(),
  )
})

describe('the query parameter _method', () => {
  it.each([
    ['/x?_method=DELETE', '/x'],
    ['/x?a=1&_method=DELETE&b=%20+2', '/x?a=1&b=%20+2'],
    ['/x?%5Fm%65thod=DELETE', '/x'],
    ['/x?_METHOD=DELETE&a', '/x?a'],
    ['/x?.method=DELETE', '/x'],
    ['/x?+_method=DELETE', '/x'],
    ['/x?_method%00%FF=DELETE', '/x'],
    ['/x?a=1;_method=DELETE&b', '/x?b'],
    ['/x?_method', '/x'],
  ])('leaves %s', (target, left) =>
    expect(reroutingIn(head(target))).toMatchObject({ rest: { target: left }, names: ['?_method'] }),
  )

  it.each(['/x', '/_method=DELETE', '/x?a=_method', '/x?my_method=1', '/x?_methods=1', '/x?', '*'])(
    'is not in %s',
    (target) => expect(reroutingIn(head(target))).toBeUndefined(),
  )
})
