import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { adminApp } from '../../src/admin/app.ts'
import { AdminClient } from '../../src/admin/client.ts'
import { startService } from '../../src/admin/service.ts'
import { openHallpass } from '../../src/index.ts'
import { silentLog } from '../../src/log.ts'
import { temporaryHome } from '../support/temporary-home.ts'

async function running(options: { noAuth?: boolean } = {}) {
  const home = temporaryHome()
  const env = { HOME: home.root, HALLPASS_NO_KEYRING: '1', HALLPASS_LISTEN: '127.0.0.1:0' }
  const hallpass = await openHallpass({ home: home.root, env })
  const service = await startService(hallpass, {
    log: silentLog,
    version: '0.0.0',
    background: false,
    ...options,
  })
  onTestFinished(() => service.close({ graceMs: 0 }))
  return { home, hallpass, service, admin: new AdminClient(home) }
}

describe('the admin socket', () => {
  test('is for its user alone, and so is its folder', async () => {
    const { home } = await running()
    expect(lstatSync(home.adminSocket).mode & 0o777).toBe(0o600)
    expect(lstatSync(home.run).mode & 0o777).toBe(0o700)
  })

  test('tells status and health', async () => {
    const { admin, service } = await running()
    expect(await admin.answers()).toBe(true)
    expect(await admin.status()).toMatchObject({ pid: process.pid, port: service.proxy.port, clients: [] })
  })

  test('asked to stop, it answers before it ends', async () => {
    const { admin, service } = await running()
    await admin.stop()
    await service.stopAsked
    await service.close()
    expect(await admin.answers()).toBe(false)
  })

  test('issues a token with a scope, and takes it back', async () => {
    const { admin, service } = await running()
    const issued = await admin.issue({
      session: 'default',
      pid: process.pid,
      program: '/usr/bin/curl',
      only: ['a.example'],
    })
    expect(issued.proxyUrl).toContain(`:${issued.token}@127.0.0.1:${service.proxy.port}`)
    expect((await admin.status()).clients).toMatchObject([
      { id: issued.id, program: 'curl', only: ['a.example'] },
    ])
    expect(JSON.stringify(await admin.status())).not.toContain(issued.token)
    expect(await admin.revoke(issued.id)).toMatchObject({ requests: 0, needsLogin: [] })
    expect((await admin.status()).clients).toEqual([])
    await expect(admin.revoke(issued.id)).rejects.toThrow('no client has that id')
  })

  test.each([
    ['a session that is not there', { session: 'gone' }, 'session-missing'],
    ['a session that is no name', { session: '../x' }, 'name-invalid'],
    ['a host that is none', { only: ['a b'] }, 'usage'],
    ['a field that there is not', { colour: 'red' }, 'usage'],
    ['no process', { pid: -1 }, 'usage'],
  ])('issues no token for %s', async (_, wrong, code) => {
    const { admin } = await running()
    const request = { session: 'default', pid: process.pid, program: 'curl', ...wrong }
    await expect(admin.issue(request)).rejects.toMatchObject({ code })
    expect((await admin.status()).clients).toEqual([])
  })

  test('a second service says that one runs, and leaves it alone', async () => {
    const { hallpass, admin, service } = await running()
    const second = startService(hallpass, { log: silentLog, version: '0.0.0', background: false })
    await expect(second).rejects.toMatchObject({ code: 'already-running' })
    expect((await admin.status()).port).toBe(service.proxy.port)
  })

  test('a socket in a folder that others can write is not spoken to', async () => {
    const home = temporaryHome()
    const folder = join(home.root, 'planted')
    mkdirSync(folder, { mode: 0o777 })
    const { chmodSync } = await import('node:fs')
    chmodSync(folder, 0o777)
    const adminSocket = join(folder, 'admin.sock')
    let asked = 0
    const impostor = createServer((_request, response) => {
      asked++
      response.end('{}')
    })
    onTestFinished(() => void impostor.close())
    await new Promise<void>((resolve) => impostor.listen(adminSocket, resolve))
    await expect(new AdminClient({ ...home, adminSocket }).status()).rejects.toMatchObject({
      code: 'state-unsafe',
    })
    expect(asked).toBe(0)
  })

  test('a file that is no socket is an error, not a proxy', async () => {
    const home = temporaryHome()
    writeFileSync(home.adminSocket, '')
    expect(await new AdminClient(home).answers()).toBe(false)
  })
})

describe('the admin app', () => {
  test('returns the client token only where it is asked for', async () => {
    const { service } = await running()
    const token = new URL(await service.proxy.url()).password
    const app = adminApp(service.backend)
    expect(await (await app.request('/sessions/default/access')).text()).not.toContain(token)
    const revealed = await app.request('/sessions/default/access?reveal=true')
    expect(await revealed.text()).toContain(token)
  })

  test.each([
    ['GET', '/nothing', undefined, 404],
    ['POST', '/clients', 'no json', 400],
    ['POST', '/bundle', '{"variables":{"PATH":1}}', 400],
    ['POST', '/bundle', `{"variables":{"PATH":"${'x'.repeat(300_000)}"}}`, 413],
  ])('%s %s with %j is refused with a code', async (method, path, body, status) => {
    const { service } = await running()
    const response = await adminApp(service.backend).request(path, {
      method,
      ...(body === undefined ? {} : { body }),
    })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status, code: expect.any(String) })
  })
})
