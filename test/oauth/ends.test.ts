import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { homePaths } from '../../src/store/home.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { CommandLine, ended, said } from '../support/command-line.ts'
import { sessionHere } from './session-here.ts'
import { definitionFor } from './signed-in.ts'

const lifeSeconds = 4

/** Sends requests until a refresh in the background has begun, then waits for one word and ends. */
const untilRefreshed = `
  const [resource, counters] = process.argv.slice(1)
  const refreshes = async () => (await (await fetch(counters)).json()).granted.refresh_token ?? 0
  const { status } = await fetch(resource)
  if (status !== 200) throw new Error('status ' + status)
  const before = await refreshes()
  console.log('up')
  while ((await refreshes()) === before) {
    fetch(resource).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  console.log('bye')
  process.exit()`

async function setStage(server: AuthorizationServer) {
  const cli = new CommandLine()
  const { hosts, issuer, clientId } = definitionFor(server)
  const { promise, resolve: letGo } = Promise.withResolvers<void>()
  /** From now on the server holds the answer to a refresh back until the test releases it. */
  const hold = () => {
    server.observe = (moment) => (moment === 'done' ? promise : undefined)
  }
  const kept = await cli.run(
    [
      'token',
      'set',
      'api',
      '--kind',
      'oauth2',
      '--host',
      ...hosts,
      '--issuer',
      issuer,
      '--client-id',
      clientId,
    ],
    { stdin: JSON.stringify(await server.issue()) },
  )
  expect(kept).toMatchObject({ status: 0 })
  const child = ['run', '--', process.execPath, '--input-type=module', '-e', untilRefreshed]
  return { cli, hold, letGo, child: [...child, server.resource, `${server.issuer}/counters`] }
}

/** The last pair is saved: it is good for one more refresh. */
async function expectSaved(server: AuthorizationServer, cli: CommandLine): Promise<void> {
  server.observe = () => {}
  const later = () => Date.now() + 3_600_000
  const { session } = await sessionHere(homePaths(cli.home), { now: later })
  expect(await session.tokens.refresh('api', { because: 'expired' })).toEqual({ kind: 'refreshed' })
  expect(server.record).toMatchObject({ reuses: 0, revocations: 0 })
}

describe('a proxy that ends while it refreshes in the background', () => {
  it('after its child has ended waits for the answer first', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const { cli, hold, letGo, child } = await setStage(server)
    const run = cli.spawn(child)
    const end = ended(run)
    await said(run, /up/)
    hold()
    await said(run, /bye/)
    await sleep(300)
    letGo()
    expect(await end).toMatchObject({ status: 0 })
    await expectSaved(server, cli)
  })

  it('because of a stop takes the answer first', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const { cli, hold, letGo, child } = await setStage(server)
    const proxy = cli.spawn(['start'])
    const end = ended(proxy)
    await said(proxy, /hallpass env/)
    const run = cli.spawn(child)
    const runEnd = ended(run)
    await said(run, /up/)
    hold()
    expect(await runEnd).toMatchObject({ status: 0 })
    proxy.kill('SIGTERM')
    await sleep(300)
    letGo()
    expect(await end).toMatchObject({ status: 0, signal: null })
    await expectSaved(server, cli)
  })
})
