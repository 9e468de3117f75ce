import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type DueRefresh, KeepFresh } from './keep-fresh.ts'

const minute = 60_000
let all: { dueAt: number; refreshed: number; failing?: boolean; everyMs?: number }[]
let asked: number[]
let broken: boolean
let keeping: KeepFresh

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  all = []
  asked = []
  broken = false
  keeping = new KeepFresh({ due, now: Date.now })
})
afterEach(async () => {
  await keeping.stop()
  vi.useRealTimers()
})

const due = async (usedSince: number): Promise<readonly DueRefresh[]> => {
  asked.push(usedSince)
  if (broken) throw new Error('EIO')
  return all.map((one) => ({
    dueAt: one.dueAt,
    refresh: async () => {
      one.refreshed++
      if (one.failing) throw new Error('no')
      one.dueAt += one.everyMs ?? 10 * minute
    },
  }))
}

it('refreshes tokens each time that they are due', async () => {
  all.push({ dueAt: 5 * minute, refreshed: 0 }, { dueAt: 7 * minute, refreshed: 0 })
  await vi.advanceTimersByTimeAsync(5 * minute - 1)
  expect(all.map(({ refreshed }) => refreshed)).toEqual([0, 0])
  await vi.advanceTimersByTimeAsync(1)
  expect(all.map(({ refreshed }) => refreshed)).toEqual([1, 0])
  await vi.advanceTimersByTimeAsync(12 * minute)
  expect(all.map(({ refreshed }) => refreshed)).toEqual([2, 2])
})

it('asks for tokens that were used within half an hour', async () => {
  await vi.advanceTimersByTimeAsync(40 * minute)
  expect(asked.at(-1)).toBe(10 * minute)
})

it('soon sees tokens with a short life that come into use', async () => {
  await vi.advanceTimersByTimeAsync(10 * minute)
  all.push({ dueAt: 10 * minute + 48_000, refreshed: 0 })
  await vi.advanceTimersByTimeAsync(48_000)
  expect(all[0]?.refreshed).toBe(1)
})

it('keeps up with a life of seconds', async () => {
  all.push({ dueAt: 10_000, refreshed: 0, everyMs: 10_000 })
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect(all[0]?.refreshed).toBeGreaterThanOrEqual(9)
})

it('goes on when the store or a refresh fails, and does not run in circles', async () => {
  all.push({ dueAt: minute, refreshed: 0, failing: true })
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect(all[0]?.refreshed).toBeGreaterThan(0)
  expect(all[0]?.refreshed).toBeLessThanOrEqual(61)
  broken = true
  await vi.advanceTimersByTimeAsync(5 * minute)
  broken = false
  all.push({ dueAt: 0, refreshed: 0 })
  await vi.advanceTimersByTimeAsync(minute)
  expect(all[1]?.refreshed).toBe(1)
})

it('asks nothing more after a stop, also during a look', async () => {
  const free = Promise.withResolvers<void>()
  await keeping.stop()
  let looks = 0
  keeping = new KeepFresh({
    now: Date.now,
    due: async () => {
      looks++
      await free.promise
      return []
    },
  })
  await vi.advanceTimersByTimeAsync(minute)
  let stopped = false
  const stopping = keeping.stop().then(() => {
    stopped = true
  })
  await vi.advanceTimersByTimeAsync(minute)
  expect(stopped).toBe(false)
  free.resolve()
  await stopping
  await vi.advanceTimersByTimeAsync(60 * minute)
  expect(looks).toBe(1)
})
