import { expect, it } from 'vitest'
import { Turns } from './turns.ts'

const late = () => new Error('late')

/** A job that records its start, and ends when the test says so. */
function works() {
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<string>>()
  const work = (name: string) => () => {
    begun.push(name)
    const end = Promise.withResolvers<string>()
    ends.set(name, end)
    return end.promise
  }
  return { begun, work, end: (name: string) => ends.get(name) }
}

it('two jobs run at once, and the others follow in order', async () => {
  const turns = new Turns(2, 60_000)
  const { begun, work, end } = works()
  const runs = ['a', 'b', 'c', 'd'].map((name) => turns.run(work(name), late))
  expect(begun).toEqual(['a', 'b'])
  end('b')?.resolve('of b')
  expect(await runs[1]).toBe('of b')
  await expect.poll(() => begun).toEqual(['a', 'b', 'c'])
  // A failure gives its turn away too.
  end('a')?.reject(new Error('of a'))
  await expect(runs[0]).rejects.toThrow('of a')
  await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd'])
})

it('a turn that is given away is not taken by a work that comes later', async () => {
  const turns = new Turns(1, 60_000)
  const { begun, work, end } = works()
  const first = turns.run(work('a'), late)
  const second = turns.run(work('b'), late)
  end('a')?.resolve('')
  await first
  void turns.run(work('c'), late)
  await expect.poll(() => begun).toEqual(['a', 'b'])
  end('b')?.resolve('')
  await second
  await expect.poll(() => begun).toEqual(['a', 'b', 'c'])
})

it('a job whose turn does not come in time is refused and never started', async () => {
  const turns = new Turns(1, 1)
  const { begun, work, end } = works()
  const first = turns.run(work('a'), late)
  await expect(turns.run(work('b'), late)).rejects.toThrow('late')
  end('a')?.resolve('')
  await first
  const third = turns.run(work('c'), late)
  end('c')?.resolve('of c')
  expect(await third).toBe('of c')
  expect(begun).toEqual(['a', 'c'])
})
