import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratchFolder, scratchStore } from '../../test/store/scratch.ts'
import { sessionFile } from '../store/record-path.ts'
import { detours } from './detours.ts'

const createdAt = '2026-11-21T08:00:00.000Z'
const expiresAt = '2026-11-22T08:00:00.000Z'

/** Doctor at a state folder with the session `work`, an expired one, and no default session. */
async function stage() {
  const { home, keys, store } = await scratchStore()
  await store.addSession({ name: 'old', id: 'two', createdAt, expiresAt })
  for (const session of ['work', 'old'])
    await store.update({ kind: 'cookies', session, name: `${session}.example` }, () => 'any')
  const configFile = join(scratchFolder(), 'config.yaml')
  writeFileSync(
    configFile,
    'capture: [captured.example]\ncredentials:\n  api: { kind: bearer, hosts: [api.example] }\n',
  )
  const examine = async () => {
    const findings = await detours.examine({
      home,
      env: { NO_PROXY: 'work.example,old.example,captured.example,api.example,other.example' },
      configFile,
      now: Date.parse(expiresAt),
      keys: async () => keys,
      authority: () => Promise.reject(new Error('nobody needs it here')),
    })
    return findings.map(({ remedy }) => remedy)
  }
  return { home, store, examine }
}

it('the hosts of the configuration and of each session that has not expired count, and no session comes or goes', async () => {
  const { store, examine } = await stage()
  expect(await examine()).toEqual([
    'remove work.example from NO_PROXY',
    'remove captured.example from NO_PROXY',
    'remove api.example from NO_PROXY',
  ])
  expect(await store.sessions()).toEqual(['old', 'work'])
})

it('a damaged session does not hide the others', async () => {
  const { home, examine } = await stage()
  writeFileSync(sessionFile(home, 'old'), '{')
  expect(await examine()).toEqual([
    'remove work.example from NO_PROXY',
    'remove captured.example from NO_PROXY',
    'remove api.example from NO_PROXY',
  ])
})

it('the hosts of the configuration count when there is no session yet', async () => {
  const { store, examine } = await stage()
  for (const name of ['old', 'work']) await store.removeSession(name)
  expect(await examine()).toEqual([
    'remove captured.example from NO_PROXY',
    'remove api.example from NO_PROXY',
  ])
  expect(await store.sessions()).toEqual([])
})
