import { once } from 'node:events'
import { setImmediate as immediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { TurnMemo } from './turn-memo.ts'

/** Resolves in the next poll of the event loop, as a request that has just arrived. */
async function arrival(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  port2.postMessage('')
  await once(port1, 'message')
  port1.close()
}

it('an answer holds for all who ask in one turn, and no longer', async () => {
  const memo = new TurnMemo<string>()
  await arrival()
  expect(memo.get('a', () => 'first')).toBe('first')
  expect(memo.get('a', () => 'second')).toBe('first')
  expect(memo.get('b', () => 'other')).toBe('other')
  await immediate()
  expect(memo.get('a', () => 'third')).toBe('third')
})

it.each([
  ['an immediate', immediate],
  ['a timer', () => new Promise((resolve) => setTimeout(resolve, 1))],
])('an answer found in %s does not hold for what arrives after it', async (_, phase) => {
  const memo = new TurnMemo<string>()
  await phase()
  memo.get('a', () => 'before')
  await arrival()
  expect(memo.get('a', () => 'after')).toBe('after')
})
