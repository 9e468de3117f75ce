import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, lutimesSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { scratchFolder } from '../../test/store/scratch.ts'
import { discardLock, withLock } from './lock.ts'

const module = new URL('./lock.ts', import.meta.url).href
let file: string
beforeEach(() => {
  file = join(scratchFolder(), 'one.lock')
})

/** Another process that holds the lock until it is killed. */
async function holder(): Promise<() => Promise<void>> {
  const script = `
    import { withLock } from ${JSON.stringify(module)}
    await withLock(${JSON.stringify(file)}, () => { console.log('held'); return new Promise((r) => setTimeout(r, 60_000)) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

describe('a lock', () => {
  it('lets callers in one at a time, in the order of their calls', async () => {
    const seen: string[] = []
    const one = async (n: number) => {
      seen.push(`in ${n}`)
      await sleep(2)
      seen.push(`out ${n}`)
      return n
    }
    expect(await Promise.all([0, 1, 2, 3].map((n) => withLock(file, () => one(n))))).toEqual([0, 1, 2, 3])
    expect(seen).toEqual([0, 1, 2, 3].flatMap((n) => [`in ${n}`, `out ${n}`]))
  })

  it('is free again after a failure under it', async () => {
    await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withLock(file, async () => 'next', { timeoutMs: 0 })).toBe('next')
  })

  it('keeps out another process, and is free when the holder is killed', async () => {
    const kill = await holder()
    await expect(withLock(file, async () => 'in', { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'lock-timeout',
      message: expect.stringContaining(file),
    })
    const waiting = withLock(file, async () => 'in')
    await kill()
    expect(await waiting).toBe('in')
  })

  it('is given up by who waits too long behind this process', async () => {
    const { promise, resolve: free } = Promise.withResolvers<void>()
    const held = withLock(file, () => promise)
    await expect(withLock(file, async () => 'in', { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'lock-timeout',
    })
    const next = withLock(file, async () => 'in')
    free()
    await held
    expect(await next).toBe('in')
  })

  it('is waited for behind a queue of other processes, until one holder keeps it for too long', async () => {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    onTestFinished(() => clock.mockRestore())
    const look = async () => {
      const { length } = clock.mock.calls
      while (clock.mock.calls.length === length) await sleep(1)
    }
    const kill = await holder()
    const held = lstatSync(file).mtimeMs
    const patient = withLock(file, async () => 'in', { timeoutMs: 1_000 })
    await look()
    for (let turn = 1; turn <= 5; turn++) {
      // As another holder does, on a clock that goes back.
      lutimesSync(file, new Date(0), new Date(held - turn * 1_000))
      now += 900
      await look()
    }
    await kill()
    expect(await patient).toBe('in')

    await holder()
    const refused = expect(withLock(file, async () => 'in', { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'lock-timeout',
    })
    await look()
    now += 1_001
    await refused
  })

  it('shows each new holder in the time of its file', async () => {
    await withLock(file, async () => undefined)
    lutimesSync(file, 0, 0)
    await withLock(file, async () => expect(lstatSync(file).mtimeMs).not.toBe(0))
  })

  it('is waited for behind a queue of this process that takes longer than the limit', async () => {
    const hold = () => withLock(file, () => sleep(200), { timeoutMs: 500 })
    await Promise.all(Array.from({ length: 6 }, hold))
  })

  it('leaves one empty file that other users cannot open', async () => {
    const umask = process.umask(0)
    await withLock(file, async () => undefined).finally(() => process.umask(umask))
    expect(lstatSync(file)).toMatchObject({ size: 0 })
    expect(lstatSync(file).mode & 0o777).toBe(0o600)
  })

  it('holds two files at once, and hundreds', async () => {
    const files = Array.from({ length: 300 }, (_, n) => `${file}.${n}`)
    const all = files.reduce<() => Promise<number>>(
      (inner, next) => () => withLock(next, inner),
      async () => files.length,
    )
    expect(await all()).toBe(300)
    await Promise.all(files.map((next) => withLock(next, async () => undefined, { timeoutMs: 0 })))
  })

  it('still has one holder after its file is removed and made again', async () => {
    await withLock(file, async () => undefined)
    rmSync(file)
    const kill = await holder() // on the new file
    await expect(withLock(file, async () => 'in', { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'lock-timeout',
    })
    await kill()
    expect(await withLock(file, async () => 'in')).toBe('in')
  })

  it('is discarded only without a holder', async () => {
    const kill = await holder()
    discardLock(file)
    expect(lstatSync(file).size).toBe(0)
    await withLock(`${file}.here`, async () => discardLock(`${file}.here`))
    expect(lstatSync(`${file}.here`).size).toBe(0)
    await kill()
    discardLock(file)
    expect(() => lstatSync(file)).toThrow('ENOENT')
    expect(await withLock(file, async () => 'in')).toBe('in')
  })

  it('that cannot be made is an error that says so', async () => {
    const nowhere = join(file, 'no', 'such')
    await expect(withLock(nowhere, async () => 1)).rejects.toMatchObject({
      code: 'not-saved',
      message: expect.stringContaining(nowhere),
    })
  })
})
