import { runInNewContext } from 'node:vm'
import { expect, it, vi } from 'vitest'
import { readPage, writingScript } from './page-storage.ts'

const everywhere = () => true
const read = (answer: unknown, url = 'https://app.site.test/home') =>
  readPage(url, everywhere, async () => (typeof answer === 'string' ? answer : JSON.stringify(answer)))

it('reads both areas of a page, and whether it has databases', async () =>
  expect(
    await read({ localStorage: [{ name: 'a', value: '1' }], sessionStorage: [], hasDatabases: true }),
  ).toEqual({
    storage: { origin: 'https://app.site.test', localStorage: [['a', '1']], sessionStorage: [] },
    hasDatabases: true,
  }))

it('believes the browser and not the page about whose storage it is', async () => {
  const forged = { origin: 'https://bank.test', localStorage: [{ name: 'auth', value: 'FORGED' }] }
  expect((await read(forged))?.storage).toEqual({
    sessionStorage: [],
    origin: 'https://app.site.test',
    localStorage: [['auth', 'FORGED']],
  })
})

it('keeps keys by which objects reach their prototype', async () => {
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
    expect(await readPage('https://app.site.test/', everywhere, async () => ({}))).toBeUndefined()
  else expect((await read(answer))?.storage.localStorage ?? []).toEqual([])
})

it('asks no page that is not wanted, and none without an origin', async () => {
  const evaluate = vi.fn(async () => '{}')
  for (const url of ['about:blank', 'chrome://settings/', 'data:text/html,x', 'file:///etc/passwd', ''])
    expect(await readPage(url, everywhere, evaluate)).toBeUndefined()
  const wanted = (host: string) => host === 'app.site.test'
  expect(await readPage('https://app.site.test.evil.test/', wanted, evaluate)).toBeUndefined()
  expect(evaluate).not.toHaveBeenCalled()
})

it('does not wait for a page that never answers', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  try {
    const never = readPage('https://app.site.test/', everywhere, () => new Promise(() => {}))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await never).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})

it('has nothing of a page that goes away meanwhile', async () => {
  const gone = readPage('https://app.site.test/', everywhere, () => Promise.reject(new Error('gone')))
  expect(await gone).toBeUndefined()
})

it('writes into the page of its origin, over all that was there, and into no other', () => {
  const filled = {
    origin: 'https://app.site.test',
    localStorage: [['__proto__', '</script>']],
    sessionStorage: [['t', "'"]],
  } as const
  const pageOf = (origin: string) => {
    const areas = [new Map([['old', '1']]), new Map<string, string>()]
    const [localStorage, sessionStorage] = areas.map((area) => ({
      clear: () => area.clear(),
      setItem: (key: string, value: string) => area.set(key, value),
    }))
    runInNewContext(writingScript({ ...filled, capturedAt: 0 }), {
      location: { origin },
      localStorage,
      sessionStorage,
    })
    return areas.map((area) => [...area])
  }
  expect(pageOf('https://app.site.test')).toEqual([[['__proto__', '</script>']], [['t', "'"]]])
  expect(pageOf('https://sso.site.test')).toEqual([[['old', '1']], []])
})
