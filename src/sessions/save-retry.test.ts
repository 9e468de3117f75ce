import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { SaveRetry } from './save-retry.ts'

let tries: number
let retry: SaveRetry

beforeEach(() => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  tries = 0
  retry = new SaveRetry(() => {
    tries++
    retry.failed()
  })
})

it('tries at intervals that double, up to half a minute', () => {
  retry.failed()
  const intervals = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
  for (const [index, ms] of intervals.entries()) {
    vi.advanceTimersByTime(ms - 1)
    expect(tries).toBe(index)
    vi.advanceTimersByTime(1)
    expect(tries).toBe(index + 1)
  }
})

it('tries no more once it is saved, and soon again after the next failure', () => {
  retry.failed()
  vi.advanceTimersByTime(750)
  expect(tries).toBe(2)
  retry.saved()
  vi.advanceTimersByTime(3_600_000)
  expect(tries).toBe(2)
  retry.failed()
  vi.advanceTimersByTime(250)
  expect(tries).toBe(3)
})

it('has one try ahead, however many writes fail', () => {
  for (let write = 0; write < 5; write++) retry.failed()
  vi.advanceTimersByTime(8_000)
  expect(tries).toBe(1)
})

it('stops when the process ends', () => {
  retry.failed()
  retry.stop()
  vi.advanceTimersByTime(3_600_000)
  expect(tries).toBe(0)
})
