import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Opened } from '../../test/store/open-store.ts'
import { scratchStore } from '../../test/store/scratch.ts'
import { now, ruleSet } from '../../test/support/material.ts'
import { sessionFile } from '../store/record-path.ts'
import { neededLogins } from './needed-logins.ts'
import { Sessions } from './sessions.ts'

const definition = { kind: 'oauth2', hosts: ['a.test'], tokenEndpoint: 'https://as.test/', clientId: 'c' }
const tokens = JSON.stringify({ access_token: 'token', token_type: 'Bearer', expires_in: 60 })

it.each<[string, (opened: Opened) => void]>([
  ['is damaged', ({ home }) => writeFileSync(sessionFile(home, 'lost'), '{')],
  [
    'is removed after it was listed',
    ({ store }) => {
      const list = () => Object.getPrototypeOf(store).sessions.call(store)
      store.sessions = async () => {
        const names = await list()
        await store.removeSession('lost')
        return names
      }
    },
  ],
])('the logins that other sessions need show when one session %s', async (_, lose) => {
  const opened = await scratchStore()
  const { store } = opened
  await store.addSession({ name: 'lost', id: 'two', createdAt: '2026-11-21T08:00:00.000Z' })
  const sessions = new Sessions({ store, config: ruleSet(), now: () => now })
  for (const name of ['lost', 'work'])
    await (await sessions.get(name)).credentials.set('api', definition, tokens)
  const needed = async () =>
    (await neededLogins(sessions, now + 61_000)).map(({ session, name }) => `${session} ${name}`)
  expect(await needed()).toEqual(['lost api', 'work api'])
  lose(opened)
  expect(await needed()).toEqual(['work api'])
})
