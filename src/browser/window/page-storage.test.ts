import { expect, it, vi } from 'vitest'
import { readPage } from './page-storage.ts'

const everywhere = () => true
const read = (answer: unknown, url = 'https://app.site.test/home') =>
  readPage([url], everywhere, async () => (typeof answer === 'string' ? answer : JSON.stringify(answer)))

it('reads the storage of a page, and names the databases that it cannot read', async () =>
  expect(
    await read({
      localStorage: [{ name: 'a', value: '1' }],
      sessionStorage: [],
      unread: [{ name: 'a', reason: 'values' }, { name: 7, reason: 'constructor' }, 'x'],
    }),
  ).toEqual({
    storage: {
      origin: 'https://app.site.test',
      localStorage: [['a', '1']],
      sessionStorage: [],
      indexedDB: [],
    },
    unread: [
      { name: 'a', reason: 'a database with keys or files that cannot leave the browser' },
      { name: undefined, reason: 'a database that cannot be read' },
      { name: undefined, reason: 'a database that cannot be read' },
    ],
  }))

it('takes the origin of a storage from the browser and not from the page', async () => {
  const forged = { origin: 'https://bank.test', localStorage: [{ name: 'auth', value: 'FORGED' }] }
  expect((await read(forged))?.storage).toEqual({
    sessionStorage: [],
    indexedDB: [],
    origin: 'https://app.site.test',
    localStorage: [['auth', 'FORGED']],
  })
})

it('keeps keys that name a prototype', async () => {
  const text = '{"localStorage":[{"name":"__proto__","value":"x"},{"name":"constructor","value":"y"}]}'
  expect((await read(text))?.storage.localStorage).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

it.each([
  ['no JSON', '{"localStorage":['],
  ['numbers for values', { localStorage: [{ name: 'a', value: 1 }] }],
  ['text for an area', { localStorage: 'auth' }],
  ['an object', undefined],
])('takes nothing from a page that answers with %s', async (_, answer) => {
  if (answer === undefined)
    expect(await readPage(['https://app.site.test/'], everywhere, async () => ({}))).toBeUndefined()
  else expect((await read(answer))?.storage.localStorage ?? []).toEqual([])
})

it('asks only pages of the wanted hosts that have an origin', async () => {
  const evaluate = vi.fn(async () => '{}')
  for (const url of ['about:blank', 'chrome://settings/', 'data:text/html,x', 'file:///etc/passwd', ''])
    expect(await readPage([url], everywhere, evaluate)).toBeUndefined()
  const wanted = (host: string) => host === 'app.site.test'
  expect(await readPage(['https://app.site.test.evil.test/'], wanted, evaluate)).toBeUndefined()
  expect(evaluate).not.toHaveBeenCalled()
})

it.each([
  [true, 'a page of its site', ['https://app.site.test/', 'https://www.site.test/']],
  [
    true,
    'a frame without an address of its site',
    ['https://app.site.test/', 'about:srcdoc', 'https://site.test/'],
  ],
  [false, 'a page of another site', ['https://app.site.test/', 'https://other.test/']],
  [
    false,
    'its own site, with another one between',
    ['https://app.site.test/', 'https://other.test/', 'https://app.site.test/'],
  ],
  [false, 'the same name without TLS', ['https://app.site.test/', 'http://app.site.test/']],
  [false, 'a page that is data', ['https://app.site.test/', 'data:text/html,x']],
])('asks a frame: %s, below %s', async (asks, _, urls) => {
  expect((await readPage(urls, everywhere, async () => '{}')) !== undefined).toBe(asks)
})

it('does not wait for a page that never answers', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  try {
    const never = readPage(['https://app.site.test/'], everywhere, () => new Promise(() => {}))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await never).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})

it('reads nothing from a page that goes away meanwhile', async () => {
  const gone = readPage(['https://app.site.test/'], everywhere, () => Promise.reject(new Error('gone')))
  expect(await gone).toBeUndefined()
})
