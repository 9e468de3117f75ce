import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LogFields, logFileName, openLog, type RequestEntry } from './log.ts'
import { Secret } from './secret.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hallpass-log-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const entry: RequestEntry = {
  session: 'default',
  method: 'GET',
  host: 'app.example.com',
  path: '/me?token=abc',
  status: 200,
  ms: 12.3456,
  attached: ['cookie:sid', 'authorization(api)'],
  captured: ['csrftoken'],
}

async function linesOf(write: (log: ReturnType<typeof openLog>) => void): Promise<Record<string, unknown>[]> {
  const log = openLog({ folder })
  write(log)
  await log.close()
  const text = readFileSync(join(folder, logFileName), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('the log', () => {
  it('has one line of JSON a request, with names and no values', async () => {
    const [line] = await linesOf((log) => log.request(entry))
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      pid: process.pid,
      session: 'default',
      method: 'GET',
      host: 'app.example.com',
      path: '/me?token=…',
      status: 200,
      ms: 12.3,
      attached: ['cookie:sid', 'authorization(api)'],
      captured: ['csrftoken'],
      msg: 'request',
    })
  })

  it.each(['"', '\\', '/a"b\\c', 'ü', '\ud800', '€', `"${'x'.repeat(2000)}`, ''])(
    'holds %j unchanged',
    async (text) => {
      const [line] = await linesOf((log) =>
        log.request({ ...entry, method: text, host: text, path: text, attached: [text, text] }),
      )
      const said = text.length > 1024 ? `${text.slice(0, 1024)}…` : text
      expect(line).toMatchObject({
        method: said,
        host: said,
        path: said,
        attached: [said, said],
      })
    },
  )

  it('cannot be made to hold a line or a terminal sequence that came from the wire', async () => {
    const attack = '\r\n{"level":"info","msg":"forged"}\x1b[2J\x9b2J'
    const lines = await linesOf((log) => {
      log.request({
        ...entry,
        method: attack,
        host: attack,
        path: attack,
        attached: [attack],
        captured: [attack],
        note: attack,
      })
      log.warn(attack, { host: attack, list: [attack] })
    })
    expect(lines).toHaveLength(2)
    expect(JSON.stringify(lines)).not.toMatch(/[\x00-\x1f\x7f-\x9f]|\\u00[01]|\\[rn]"/)
    expect(readFileSync(join(folder, logFileName), 'latin1')).not.toMatch(/\x1b|\x9b/)
  })

  it('cuts registered values out of every line, in every spelling', async () => {
    const value = 'hunter2 & "more"'
    await linesOf((log) => {
      log.scrub(new Secret(value))
      log.request({ ...entry, path: `/bot/${encodeURIComponent(value)}`, host: value, note: value })
      log.error(`failed: ${value}`, { cause: Buffer.from(`ada:${value}`).toString('base64'), list: [value] })
    })
    const text = readFileSync(join(folder, logFileName), 'utf8')
    expect(text.match(/\[secret\]/g)?.length).toBe(6)
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain(Buffer.from('hunter2').toString('base64').slice(0, 8))
  })

  it('cuts a value out although the end of a long text is cut away', async () => {
    const value = 'hunter2-'.repeat(40)
    const text = `/${'x'.repeat(900)}${value}`
    await linesOf((log) => {
      log.scrub(new Secret(value))
      log.request({ ...entry, path: text, note: text })
      log.warn(text)
    })
    expect(readFileSync(join(folder, logFileName), 'utf8')).not.toContain('hunter2')
  })

  it('does not take fields that are named after secrets', async () => {
    const fields: LogFields = {
      'Set-Cookie': 'sid=1',
      authorization: 'Bearer x',
      clientToken: 'x',
      headers: ['a: b'],
      host: 'a',
    }
    const [line] = await linesOf((log) => log.info('message', fields))
    expect(line).toMatchObject({
      'Set-Cookie': '[secret]',
      authorization: '[secret]',
      clientToken: '[secret]',
      headers: '[secret]',
      host: 'a',
    })
  })

  it('shows a request on one readable line of the terminal', () => {
    const script = `
      const { openLog } = await import(${JSON.stringify(import.meta.resolve('./log.ts'))})
      const log = openLog({ folder: process.argv[1], terminal: true })
      log.request(${JSON.stringify(entry)})
      log.warn('the certificate was refused', { host: 'app.example.com' })
      await log.close()`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, folder], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(stderr.split('\n').map((line) => line.replace(/^\[[\d:]+\] /, ''))).toEqual([
      'INFO: GET app.example.com/me?token=… 200 12.3 ms  + cookie:sid, authorization(api)  < csrftoken',
      'WARN: the certificate was refused  host=app.example.com',
      '',
    ])
  })
})
