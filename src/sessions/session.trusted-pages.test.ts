import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { requestTo, ruleSet } from '../../test/support/material.ts'
import type { Plan } from '../plan/plan.ts'
import { siteOfPage } from '../plan/site-of-request.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import { MemoryStore } from '../store/memory.ts'
import { Sessions } from './sessions.ts'

const page = 'https://portal.test'
const url = 'https://app.example.com/'
const attached = ({ credentials }: Plan) => credentials.attached.map(({ name }) => name)

async function stage() {
  let { rules } = ruleSet([{ hosts: ['app.example.com'], trustOrigins: [parseHostPattern('portal.test')] }])
  let looks = Number.POSITIVE_INFINITY
  const config = {
    ...ruleSet(),
    get rules() {
      return rules
    },
    generation: 0,
    takeUp: () => {
      if (looks-- > 0) return undefined
      looks = Number.POSITIVE_INFINITY
      return turn().then(() => {
        rules = []
        config.generation++
      })
    },
  }
  const session = await new Sessions({ store: new MemoryStore(), config }).get('default')
  await session.credentials.set('api', { kind: 'bearer', hosts: ['app.example.com'] }, 's3cret')
  const request = requestTo(url)
  return {
    planned: () =>
      session.plan({ ...request, site: (rules) => siteOfPage(page, request, rules) }, {}).then(attached),
    explained: () => session.explain(url, { from: page }).then(attached),
    /** The rule goes after so many looks at the configuration. */
    distrust: (after: number) => {
      looks = after
    },
  }
}

describe('a page of another site that a rule trusts', () => {
  it('loses the session with the first request after the rule is gone', async () => {
    const { planned, distrust } = await stage()
    for (const _ of ['made', 'memoised']) expect(await planned()).toEqual(['api'])
    distrust(0)
    for (const _ of ['made', 'memoised']) expect(await planned()).toEqual([])
  })

  it('loses the session when the rule goes while the request waits', async () => {
    const { planned, distrust } = await stage()
    distrust(1)
    expect(await planned()).toEqual([])
  })

  it('is explained by the rules of the moment', async () => {
    const { explained, distrust } = await stage()
    expect(await explained()).toEqual(['api'])
    distrust(0)
    expect(await explained()).toEqual([])
  })
})
