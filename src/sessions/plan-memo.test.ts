import { expect, it } from 'vitest'
import { now, requestTo, ruleSet } from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { plan } from '../plan/plan.ts'
import { PlanMemo } from './plan-memo.ts'

const stamps = { jar: '1', credentials: '1' }
const made = (url: string, allow?: readonly string[]) => {
  const rules = ruleSet(allow && [{ hosts: ['*'], allow }])
  return plan(requestTo(url), { jar: new Jar(), credentials: [] }, rules, {}, now)
}

it('forgets the oldest of too many hosts', () => {
  const memo = new PlanMemo()
  const url = (index: number) => `https://h${index}.test/`
  for (let index = 0; index <= 1000; index++) memo.keep(requestTo(url(index)), '', stamps, made(url(index)))
  const held = (index: number) => memo.get(requestTo(url(index)), '', stamps, now) !== undefined
  expect([held(0), held(1), held(1000)]).toEqual([false, true, true])
})

it('forgets the oldest of too many paths of a host', () => {
  const memo = new PlanMemo()
  const url = (index: number) => `https://a.test/${index}`
  for (let index = 0; index <= 200; index++)
    memo.keep(requestTo(url(index)), '', stamps, made(url(index), ['GET /**']))
  const held = (index: number) => memo.get(requestTo(`${url(index)}?query`), '', stamps, now) !== undefined
  expect([held(0), held(1), held(200)]).toEqual([false, true, true])
})
