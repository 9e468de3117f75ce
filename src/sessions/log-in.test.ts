import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../test/support/authorization-server.ts'
import { BrowsingUser } from '../../test/support/browsing-user.ts'
import { testFetch } from '../../test/support/login-request.ts'
import { ruleSet } from '../../test/support/material.ts'
import { oauth1Consumer, oauth1Token, startOAuth1Server } from '../../test/support/oauth1-server.ts'
import { type CredentialDefinition, credentialDefinitionSchema } from '../credentials/kinds.ts'
import type { LoginOptions } from '../oauth/login.ts'
import { Secret } from '../secret.ts'
import { MemoryStore } from '../store/memory.ts'
import { logIn } from './log-in.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

let server: AuthorizationServer
let store: MemoryStore
let session: Session
beforeEach(async () => {
  server = await startAuthorizationServer()
  store = new MemoryStore()
  session = await open()
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
})

async function open(credentials: Readonly<Record<string, object>> = {}): Promise<Session> {
  const parsed = Object.entries(credentials).map(
    ([name, input]) =>
      [name, credentialDefinitionSchema(z).parse(input)] satisfies [string, CredentialDefinition],
  )
  const config = {
    ...ruleSet([{ hosts: ['ruled.test'], credential: 'ruled' }]),
    credentials: new Map(parsed),
  }
  return new Sessions({ store, config, now: Date.now }).get('default')
}

const browser: LoginOptions = { visit: (url) => void new BrowsingUser().visit(url), timeoutMs: 20_000 }

function run(name: string, input: object, options: LoginOptions = browser, fetch = testFetch()) {
  return logIn(session, name, { ...input }, options, { fetch, now: Date.now })
}

describe('a login for a credential of a session', () => {
  it('ends the suspicion that its token is dead', async () => {
    await session.health.update('api.test', () => ({ state: 'suspect', credential: 'work' }))
    await run('work', { issuer: server.issuer, clientId: 'native', hosts: ['api.test'], allowHttp: true })
    expect((await session.health.read('api.test')).state).toBe('ok')
  })

  it('keeps the definition, and the parts of it that the next login does not give', async () => {
    const hosts = ['api.test']
    await run('work', {
      issuer: server.issuer,
      clientId: 'native',
      hosts,
      scopes: ['openid'],
      allowHttp: true,
    })
    await run('work', {})
    await run('work', { scopes: ['openid', 'offline_access'] })
    const { definition, hosts: kept } = await session.credentials.get('work')
    expect(kept).toEqual(hosts)
    expect(definition).toMatchObject({
      issuer: server.issuer,
      clientId: 'native',
      allowHttp: true,
      scopes: ['openid', 'offline_access'],
    })
    expect(server.record.granted).toEqual({ authorization_code: 3 })
  })

  it('needs hosts, except for the API of a provider and where a rule names the credential', async () => {
    const input = { issuer: server.issuer, clientId: 'native' }
    await expect(run('work', input)).rejects.toMatchObject({
      code: 'usage',
      message: '"work" needs hosts: name them with --host',
    })
    await run('ruled', input)
    expect((await session.credentials.get('ruled')).hosts).toEqual([])
    const gitlab = {
      provider: 'gitlab',
      issuer: 'git.example.com',
      clientId: 'c',
      clientAuth: 'client_secret_post',
    }
    await expect(run('lab', gitlab)).rejects.toMatchObject({
      message: expect.stringContaining('needs a client secret'),
    })
    expect(await session.credentials.list()).toHaveLength(1)
  })

  it('is for the API of the provider without hosts, also at a domain of the user’s own', async () => {
    await run(
      'own',
      { provider: 'okta', issuer: server.issuer, clientId: 'native', flow: 'device' },
      { wait: false },
    )
    expect((await session.credentials.get('own')).hosts).toEqual([new URL(server.issuer).host])
    await expect(
      run('lab', {
        provider: 'gitlab',
        issuer: 'git.example.com',
        clientId: 'c',
        flow: 'client-credentials',
      }),
    ).rejects.toMatchObject({ message: 'GitLab has no client-credentials flow; there is code, device' })
  })

  it('does not show the client secret of one server to another', async () => {
    const { clientId, clientSecret } = server.clients.service
    const input = { issuer: server.issuer, clientId, flow: 'client-credentials', hosts: ['api.test'] }
    await run('svc', input, { clientSecret: new Secret(clientSecret) })
    await using other = await startAuthorizationServer()
    const before = other.record.tokenRequests
    await expect(
      run('svc', { issuer: other.issuer, clientId, flow: 'client-credentials' }, {}),
    ).rejects.toThrow()
    expect(other.record.granted).toEqual({})
    expect(other.record.tokenRequests - before).toBeLessThanOrEqual(1)
    expect((await session.tokens.read('svc'))?.clientSecret).toBe(clientSecret)
  })

  it('does not show sealed secrets to a server that the configuration names now', async () => {
    const { clientId, clientSecret } = server.clients.service
    const entry = { kind: 'oauth2', clientId, flow: 'client-credentials', hosts: ['api.test'] }
    session = await open({ svc: { ...entry, issuer: server.issuer } })
    await run('svc', {}, { clientSecret: new Secret(clientSecret) })
    await using other = await startAuthorizationServer()
    session = await open({ svc: { ...entry, issuer: other.issuer } })
    await expect(run('svc', {}, {})).rejects.toThrow()
    expect(other.record.granted).toEqual({})
  })

  it('leaves the tokens of another tool alone', async () => {
    await session.credentials.set(
      'tool',
      { kind: 'oauth2', tokenFile: '/nowhere/token.json', hosts: ['api.test'] },
      undefined,
    )
    await expect(run('tool', {})).rejects.toMatchObject({
      code: 'usage',
      message: 'another tool owns the tokens of "tool" and signs in for them',
      hint: 'hallpass token rm tool',
    })
  })
})

describe('a login by OAuth 1.0a', () => {
  it('keeps key, secret and token, so that the next login needs none of them', async () => {
    await using x = await startOAuth1Server({ host: 'api.x.com', below: '/oauth' })
    const fetch = testFetch(new Map([['api.x.com', `127.0.0.1:${x.origin.port}`]]))
    const pages: string[] = []
    const options = { visit: (url: string) => void pages.push(url), pasted: async () => x.pin }
    const input = { provider: 'x', flow: 'oauth1', clientId: oauth1Consumer.consumerKey }
    await run('x', input, { ...options, clientSecret: new Secret(oauth1Consumer.consumerSecret) }, fetch)
    expect(pages).toEqual(['https://api.x.com/oauth/authorize?oauth_token=temporary'])
    const { kind, hosts, value } = await session.credentials.get('x')
    expect({ kind, hosts }).toEqual({ kind: 'oauth1', hosts: ['api.x.com'] })
    expect(JSON.parse(value?.reveal() ?? '')).toEqual({ ...oauth1Consumer, ...oauth1Token })
    await run('x', {}, options, fetch)
    expect(pages).toHaveLength(2)
  })

  it.each([
    [{}, 'name the OAuth 1.0a provider with --provider: x'],
    [{ provider: 'github' }, 'name the OAuth 1.0a provider with --provider: x'],
    [{ provider: 'x' }, 'the consumer key is missing: give it with --client-id'],
    [
      { provider: 'x', clientId: 'k' },
      'the consumer secret is missing: with --client-secret hallpass asks for it',
    ],
  ])('names the missing part beside %j', async (input, message) => {
    await expect(run('x', { flow: 'oauth1', ...input })).rejects.toMatchObject({ code: 'usage', message })
  })
})
