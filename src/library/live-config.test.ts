import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LiveConfig } from './live-config.ts'

async function opened(text?: string, env: NodeJS.ProcessEnv = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-live-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'config.yaml')
  const write = (written: string) => writeFileSync(file, written, { mode: 0o600 })
  if (text !== undefined) write(text)
  const flags = { capture: ['app.example.com'] }
  const live = await LiveConfig.open({ home: folder, env: { HALLPASS_CONFIG: file, ...env }, flags })
  return { live, file, write }
}

const limited = 'rules:\n  - hosts: [example.com]\n    allow: [GET /**]\n'

describe('a live configuration', () => {
  test('has nothing to take up while the file stays as it is', async () => {
    const { live } = await opened(limited)
    expect(live.takeUp()).toBeUndefined()
    expect(live.generation).toBe(0)
  })

  test('takes up a changed file, once for all who ask', async () => {
    const { live, write } = await opened('reveal: script\n')
    write(limited)
    const taken = live.takeUp()
    expect(live.takeUp()).toBe(taken)
    await taken
    expect(live.rules).toHaveLength(1)
    expect(live.generation).toBe(1)
    expect(live.takeUp()).toBeUndefined()
  })

  test('takes up a file that another one replaces', async () => {
    const { live, file } = await opened('reveal: script\n')
    writeFileSync(`${file}.new`, limited, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    await live.takeUp()
    expect(live.rules).toHaveLength(1)
  })

  test('lets flags and the environment win over the changed file too', async () => {
    const { live, write } = await opened('reveal: script\n', { HALLPASS_REVEAL: 'all' })
    write(`${limited}reveal: none\ncapture: [other.example]\n`)
    await live.takeUp()
    expect(live.rules).toHaveLength(1)
    expect(live.reveal).toBe('all')
    expect(live.capture.map(({ text }) => text)).toEqual(['app.example.com'])
  })

  test('waits for the end of a change: an emptied file would allow everything', async () => {
    const { live, file, write } = await opened(limited)
    truncateSync(file)
    const written = turn()
      .then(() => turn())
      .then(() => write(`${limited}reveal: none\n`))
    await Promise.all([live.takeUp(), written])
    expect(live.rules).toHaveLength(1)
  })

  test.each([
    ['an unknown key', 'colour: red\n'],
    ['a line that is no YAML', 'rules: [\n'],
  ])('keeps its settings over %s, and takes up the mended file', async (_, broken) => {
    const { live, file, write } = await opened(limited)
    write(broken)
    await live.takeUp()
    expect(live.rules).toHaveLength(1)
    expect(live.problem).toContain(file)
    expect(live.takeUp()).toBeUndefined()
    // All looks of one turn count as one.
    await turn()
    write(`${limited}reveal: none\n`)
    await live.takeUp()
    expect(live.problem).toBeUndefined()
    expect(live.reveal).toBe('none')
  })

  test.each([
    ['gone', rmSync],
    ['emptied', truncateSync],
  ])('keeps its settings when the file is %s, also on a second look', async (_, take) => {
    const { live, file, write } = await opened(limited)
    take(file)
    for (const look of [() => live.takeUp(), () => live.reload()]) {
      await look()
      expect(live.rules).toHaveLength(1)
      expect(live.problem).toBe(`${file} is gone or empty; a restart goes without it`)
    }
    write(`${limited}reveal: none\n`)
    await live.takeUp()
    expect(live.problem).toBeUndefined()
    expect(live.reveal).toBe('none')
  })

  test('finds nothing wrong with a file that was empty from the start', async () => {
    const { live, write } = await opened('')
    await live.reload()
    expect(live.problem).toBeUndefined()
    write(limited)
    await live.takeUp()
    expect(live.rules).toHaveLength(1)
  })

  test('keeps what only a start reads, and names it until the file agrees again', async () => {
    const { live, write } = await opened('replay: 1KiB\n')
    write('replay: 2KiB\nresolve: { example.com: 127.0.0.1 }\n')
    await live.takeUp()
    expect(live.now.replay).toBe(1024)
    expect(live.restartFor).toEqual(['resolve', 'replay'])
    write('replay: 1024\n')
    await live.takeUp()
    expect(live.restartFor).toEqual([])
  })
})
