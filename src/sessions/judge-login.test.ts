import { expect, it } from 'vitest'
import type { Plan } from '../plan/plan.ts'
import { MemoryStore } from '../store/memory.ts'
import { judgeLogin } from './judge-login.ts'
import { Sessions } from './sessions.ts'

const plan = { credentials: { attached: [], withheld: [] } } as unknown as Plan

it('a success of another host of the site does not end a suspicion', async () => {
  const config = { rules: [], reveal: 'script', capture: [], intercept: 'known' } as const
  const { health } = await new Sessions({ store: new MemoryStore(), config }).get('default')
  const answer = async (name: string, status: number) => {
    const host = health.host(name)
    if (host === undefined) throw new Error('no host')
    const answered = { method: 'GET', target: '/', sent: [], attached: ['cookie:sid'], fields: [], status }
    host.isWell(status)
    judgeLogin(health, host, plan, { ...answered, origin: `https://${name}` }, 0)
    return (await health.read('site.test')).state
  }
  expect(await answer('app.site.test', 403)).toBe('suspect')
  expect(await answer('static.site.test', 200)).toBe('suspect')
  expect(await answer('app.site.test', 200)).toBe('ok')
})
