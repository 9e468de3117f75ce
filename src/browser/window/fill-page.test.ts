import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { fillPage } from './fill-page.ts'

const filled = {
  origin: 'https://app.site.test',
  localStorage: [
    ['__proto__', '</script>'],
    ['large', 'x'.repeat(100)],
    ['small', 'y'],
  ],
  sessionStorage: [['t', "'"]],
  indexedDB: [],
  capturedAt: 0,
} as const

/** A page whose areas take so many characters each. */
function page(quota: number) {
  const areas = [new Map([['old', '1']]), new Map<string, string>()]
  const fill = (origin: string) => {
    const [localStorage, sessionStorage] = areas.map((area) => ({
      clear: () => area.clear(),
      setItem: (key: string, value: string) => {
        const used = [...area].reduce((sum, [key, value]) => sum + key.length + value.length, 0)
        if (used + key.length + value.length > quota) throw new Error('QuotaExceededError')
        area.set(key, value)
      },
    }))
    const context = { location: { origin }, localStorage, sessionStorage, performance }
    return fillPage(filled, async (script) => runInNewContext(script, context))
  }
  return { areas, fill }
}

it('replaces the storage of the page of its origin, and of no other', async () => {
  const { areas, fill } = page(1000)
  await expect(fill('https://sso.site.test')).rejects.toMatchObject({
    code: 'browser-failed',
    message: 'the web storage of https://app.site.test could not be put into the window',
  })
  expect(areas.map((area) => [...area])).toEqual([[['old', '1']], []])
  const refused = await fill('https://app.site.test')
  expect(areas.map((area) => [...area])).toEqual([filled.localStorage, filled.sessionStorage])
  expect(refused).toEqual({ origin: filled.origin, localStorage: [], sessionStorage: [], indexedDB: [] })
})

it('puts in every item for which the browser has room, and returns the others', async () => {
  const { areas, fill } = page(50)
  const refused = await fill('https://app.site.test')
  const [script, large, small] = filled.localStorage
  expect(areas.map((area) => [...area])).toEqual([[script, small], filled.sessionStorage])
  expect(refused).toEqual({ origin: filled.origin, localStorage: [large], sessionStorage: [], indexedDB: [] })
})
