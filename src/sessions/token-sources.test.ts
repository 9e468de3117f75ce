import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { scratchFolder } from '../../test/store/scratch.ts'
import { begin, SessionStage, second } from '../../test/support/session-stage.ts'
import { pair, startTokenServer } from '../../test/support/token-server.ts'

let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.set()
})

describe('tokens of a login', () => {
  const tokens = {
    accessToken: 'access-7',
    refreshToken: 'refresh-7',
    receivedAt: begin,
    expiresAt: begin + 3600 * second,
  }

  it('are kept with their definition, and made from the tokens before', async () => {
    await stage.session.tokens.save('api', stage.definition(), { tokens, clientSecret: 's', refreshes: 0 })
    expect(await stage.sent()).toBe('Bearer access-7')
    await stage.session.tokens.save('api', undefined, (before) => ({
      ...before,
      refreshes: (before?.refreshes ?? 0) + 5,
    }))
    expect(await stage.session.tokens.read('api')).toEqual({ tokens, clientSecret: 's', refreshes: 5 })
    await expect(
      stage.session.tokens.save('api', { kind: 'bearer' }, { refreshes: 0 }),
    ).rejects.toMatchObject({ code: 'usage' })
  })

  it('are made from nothing when the tokens before came from another server', async () => {
    await stage.session.tokens.save('api', stage.definition(), { tokens, clientSecret: 's', refreshes: 0 })
    let before: unknown = 'not asked'
    await stage.session.tokens.save('api', { issuer: 'https://other.test' }, (held) => {
      before = held
      return { refreshes: 0 }
    })
    expect(before).toBeUndefined()
  })

  it('are not overwritten by a refresh that was under way', async () => {
    await stage.set(pair(1))
    const free = Promise.withResolvers<void>()
    stage.server.deed = async () => {
      await free.promise
      return { body: pair(2) }
    }
    const refreshing = stage.session.tokens.refresh('api', { because: 'asked' })
    await stage.server.came(1)
    const saving = stage.session.tokens.save('api', undefined, { tokens, refreshes: 0 })
    free.resolve()
    expect(await refreshing).toEqual({ kind: 'refreshed' })
    await saving
    expect(await stage.sent()).toBe('Bearer access-7')
  })

  it('set by hand keep the client secret of the same definition, and never show it to another server', async () => {
    await stage.set({ ...pair(1), client_secret: 's' })
    await stage.session.credentials.set('api', undefined, 'refresh-5')
    expect(await stage.session.tokens.read('api')).toMatchObject({
      clientSecret: 's',
      tokens: { refreshToken: 'refresh-5' },
    })
    await stage.session.credentials.set('api', { clientId: 'other' }, 'refresh-5')
    expect(await stage.session.tokens.read('api')).not.toHaveProperty('clientSecret')
    await stage.set({ ...pair(1), client_secret: 's' })
    await stage.session.credentials.set('api', { issuer: 'https://other.test' }, 'refresh-6')
    expect(await stage.session.tokens.read('api')).not.toHaveProperty('clientSecret')
    expect((await stage.session.credentials.get('api')).definition).not.toHaveProperty('tokenEndpoint')
  })
})

describe('tokens of a credential of the configuration', () => {
  it('are refreshed', async () => {
    await stage.open({ api: stage.definition() })
    await stage.session.credentials.set('api', undefined, 'refresh-1')
    expect(await stage.sent()).toBe('Bearer access-2')
  })

  it('are sent to no other server when the configuration changes', async () => {
    await stage.open({ api: stage.definition() })
    await stage.session.credentials.set('api', undefined, JSON.stringify(pair(1)))
    const evil = await startTokenServer()
    await stage.open({ api: stage.definition({ tokenEndpoint: evil.url }) })
    stage.now += 3600 * second
    expect(await stage.sent()).toBe('Bearer access-1')
    expect(await stage.session.tokens.rejected(await stage.planned())).toBe('needs-login')
    expect(await stage.session.tokens.refresh('api', { because: 'asked' })).toMatchObject({
      kind: 'not-refreshable',
      reason: expect.stringMatching(/another authorization server/),
    })
    expect(evil.asked).toEqual([])
  })
})

describe('the tokens of another tool', () => {
  let path: string
  const write = (value: object) => {
    writeFileSync(`${path}.new`, JSON.stringify(value))
    renameSync(`${path}.new`, path)
  }
  const owned = () => ({ kind: 'oauth2', hosts: ['api.test'], tokenFile: path })
  beforeEach(() => {
    path = join(scratchFolder(), 'auth.json')
  })

  it.each<[string, () => Promise<void>]>([
    ['the configuration', () => stage.open({ api: owned() })],
    ['the session', () => stage.session.credentials.set('api', owned(), undefined)],
  ])('in a file that %s names are used as they are, and again when they change', async (_, define) => {
    write({ tokens: pair(1) })
    await define()
    expect(await stage.sent()).toBe('Bearer access-1')
    expect(await stage.planned()).toBe(await stage.planned())
    write({ tokens: pair(2) })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(await stage.session.credentials.get('api')).toMatchObject({
      present: true,
      freshness: { refreshable: false },
    })
    stage.now = Date.now() + 3600 * second
    const plan = await stage.planned()
    expect(await stage.session.tokens.rejected(plan)).not.toBe('retry')
    write({ tokens: pair(3) })
    expect(await stage.session.tokens.rejected(plan)).toBe('retry')
    expect(stage.server.asked).toEqual([])
  })

  it('are missing, with a reason, while the file is missing', async () => {
    await stage.open({ api: owned() })
    const [api] = await stage.session.credentials.list()
    expect(api).toMatchObject({ present: false, problem: expect.stringMatching(/ENOENT/) })
    write({ tokens: pair(1) })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await stage.sent()).toBe('Bearer access-1')
  })

  it('leave each plan 30 seconds after the file is deleted', async () => {
    write({ tokens: pair(1) })
    await stage.open({ api: owned() })
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const urls = ['https://api.test/', 'https://api.test:8443/']
    const sent = async () => {
      await turn()
      const found: (string | undefined)[] = []
      for (const url of urls) found.push(await stage.sent(url))
      return found
    }
    expect(await sent()).toEqual(Array(2).fill('Bearer access-1'))
    rmSync(path)
    expect(await sent()).toEqual(Array(2).fill('Bearer access-1'))
    stage.now += 30 * second
    for (let n = 0; n < 3; n++) expect(await sent()).toEqual([undefined, undefined])
  })

  it('cannot be set by hand', async () => {
    await stage.open({ api: owned() })
    await expect(stage.session.credentials.set('api', undefined, 'refresh-1')).rejects.toMatchObject({
      code: 'usage',
    })
  })
})
