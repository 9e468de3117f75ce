import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runningApi } from './stage.ts'

/** Reads parts of a stream until one of them has the text. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string): Promise<string> {
  let all = ''
  while (!all.includes(text)) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`the stream ended after ${all}`)
    all += Buffer.from(value).toString('utf8')
  }
  return all
}

async function follow(app: Awaited<ReturnType<typeof runningApi>>['app'], headers = {}, query = '') {
  const response = await app.request(`/events${query}`, { headers })
  expect(response.status).toBe(200)
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no body')
  return reader
}

function idsOf(text: string): readonly string[] {
  return [...text.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id)
}

test('the life of a session, and a capture into it, are events', async () => {
  const { app, ask, hallpass } = await runningApi()
  const reader = await follow(app)
  await ask('POST', '/sessions', { name: 'work' })
  const session = await hallpass.session('work')
  const response = { scheme: 'https', host: 'a.test', port: 443, path: '/', status: 200 } as const
  const setCookie = ['sid=secret-value; Path=/']
  await session.capture({ ...response, setCookie, clearSiteData: [], reveal: 'none' })
  await ask('DELETE', '/sessions/work')
  const text = await readUntil(reader, 'removed')
  expect(text.match(/^event: .*$/gm)).toEqual(['event: created', 'event: captured', 'event: removed'])
  expect(text).toContain('"host":"a.test","cookies":["sid"]')
  expect(text).not.toContain('secret-value')
  await reader.cancel()
})

test('a reader goes on after the event that it had', async () => {
  const { app, ask } = await runningApi()
  const first = await follow(app)
  for (const name of ['a', 'b', 'c']) await ask('POST', '/sessions', { name })
  const [id = ''] = idsOf(await readUntil(first, '"session":"a"'))
  await first.cancel()
  const again = await follow(app, { 'last-event-id': id })
  const text = await readUntil(again, '"session":"c"')
  expect(text).not.toContain('"session":"a"')
  expect(text).not.toContain('missed')
  await again.cancel()
})

test.each(['00000000-1', 'nonsense', '9'])(
  'a reader with the id %s hears that it missed events',
  async (id) => {
    const { app, ask } = await runningApi()
    await ask('POST', '/sessions', { name: 'a' })
    const reader = await follow(app, { 'last-event-id': id })
    expect(await readUntil(reader, '"session":"a"')).toContain('event: missed')
    await reader.cancel()
  },
)

test('a reader of one session hears of that one alone', async () => {
  const { app, ask } = await runningApi()
  const reader = await follow(app, {}, '?session=b')
  for (const name of ['a', 'b']) await ask('POST', '/sessions', { name })
  expect(await readUntil(reader, '"session":"b"')).not.toContain('"session":"a"')
  await reader.cancel()
})

test('a thousand readers that never read hold no events, and one more is refused until one leaves', async () => {
  const { app, hallpass } = await runningApi()
  const readers = await Promise.all([...Array(1000)].map(() => follow(app)))
  expect((await app.request('/events')).status).toBe(503)
  await readers.pop()?.cancel()
  for (let n = 0; n < 3; n++) await app.request('/events', { method: 'HEAD' })
  readers.push(await follow(app))
  const { events } = hallpass.sessions
  for (let n = 1; n <= 5000; n++) {
    events.emit({ type: 'created', session: `s${n}` })
    // An eager stream would take them now.
    if (n % 50 === 0) await setImmediate()
  }
  const [reader] = readers
  const text = reader === undefined ? '' : await readUntil(reader, '"session":"s5000"')
  expect(text).toContain('event: missed')
  // The rest was never made for this reader.
  expect(idsOf(text)).toHaveLength(1000)
  await reader?.cancel()
  const late = await follow(app)
  for (const each of [...readers.slice(1), late]) await each.cancel()
})
