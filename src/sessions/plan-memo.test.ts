import { expect, it } from 'vitest'
import { jarOf, now, requestTo, ruleSet } from '../../test/support/material.ts'
import { plan } from '../plan/plan.ts'
import { PlanMemo, planCache } from './plan-memo.ts'

const stamps = { jar: '1', credentials: '1' }
const cookie = 'x'.repeat(4000)
/** A plan with most of a megabyte of cookies. */
const made = (url: string, allow?: readonly string[]) => {
  const lines = Array.from({ length: 170 }, (_, index) => `c${index}=${cookie}; Path=/`)
  const rules = ruleSet(allow && [{ hosts: ['*'], allow }])
  return plan(requestTo(url), { jar: jarOf([url, ...lines]), credentials: [] }, rules, {}, now)
}

it('forgets the least recently used of too many hosts', () => {
  const memo = new PlanMemo(planCache())
  const request = (index: number) => requestTo(`https://h${index}.test/`)
  const held = (index: number) => memo.get(request(index), '', stamps, now) !== undefined
  for (let index = 0; index < 40; index++) {
    memo.keep(request(index), '', stamps, made(`https://h${index}.test/`))
    expect([held(0), held(index)]).toEqual([true, true])
  }
  expect([held(1), held(39)]).toEqual([false, true])
})

it('forgets the least recently used of too many paths of a host', () => {
  const memo = new PlanMemo(planCache())
  const url = (index: number) => `https://a.test/${index}`
  const held = (index: number) => memo.get(requestTo(`${url(index)}?query`), '', stamps, now) !== undefined
  for (let index = 0; index < 40; index++)
    memo.keep(requestTo(url(index)), '', stamps, made(url(index), ['GET /**']))
  expect([held(0), held(39)]).toEqual([false, true])
})

it('has one room for the plans of all sessions', () => {
  const cache = planCache()
  const memos = Array.from({ length: 40 }, () => new PlanMemo(cache))
  const url = 'https://a.test/'
  for (const memo of memos) memo.keep(requestTo(url), '', stamps, made(url))
  const kept = memos.filter((memo) => memo.get(requestTo(url), '', stamps, now) !== undefined)
  expect(kept.length).toBeLessThan(25)
  expect(kept).toContain(memos.at(-1))
})

it('does not give a session the plans of another', () => {
  const cache = planCache()
  const url = 'https://a.test/'
  new PlanMemo(cache).keep(requestTo(url), '', stamps, made(url))
  expect(new PlanMemo(cache).get(requestTo(url), '', stamps, now)).toBeUndefined()
})
