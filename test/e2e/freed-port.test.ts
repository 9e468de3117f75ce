import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { said } from '../support/command-line.ts'
import { World } from './world.ts'

/** Only root can be another user too. */
const isRoot = process.platform === 'linux' && process.getuid?.() === 0

/** Prints the first request that comes to the port, and holds the port. */
const squat = `
require('node:net').createServer((socket) => {
  socket.on('data', (bytes) => process.stdout.write(bytes)).on('error', () => {})
}).listen(Number(process.argv[1]), '127.0.0.1', () => process.stdout.write('listening '))
`

function squatter(port: number): ChildProcess {
  const command = [process.execPath, '-e', squat, String(port)]
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
  const [program = '', ...args] = isRoot ? asNobody : command
  const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  return child
}

async function startedWorld() {
  const world = new World()
  onTestFinished(() => world.close())
  const started = async (listen: string) => {
    expect(await world.hallpass(['start', '--background', '--listen', listen])).toMatchObject({ status: 0 })
    const { port } = JSON.parse((await world.hallpass(['status', '--json'])).stdout) as { port: number }
    return port
  }
  const variables = async () => {
    const { stdout } = await world.hallpass(['env', '--format', 'json'])
    return (JSON.parse(stdout) as { set: Record<string, string> }).set
  }
  return { world, started, variables }
}

/** The answer of the proxy to a request with these credentials. */
function asked(port: number, authorization: string): Promise<{ status: number | undefined; body: string }> {
  const headers = { Host: 'hallpass.internal', 'Proxy-Authorization': authorization }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: 'http://hallpass.internal/', headers, agent: false }
    get(options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode, body }))
    }).on('error', reject)
  })
}

test('a token that another user collects on the freed port opens nothing when the proxy is back', async () => {
  const { world, started, variables } = await startedWorld()
  const port = await started('127.0.0.1:0')
  const shell = await variables()
  expect((await world.hallpass(['stop'])).status).toBe(0)

  const thief = squatter(port)
  await said(thief, /listening/)
  const collected = said(thief, /\r\n\r\n/)
  // A tool in the shell that evaluated `env` before.
  const tool = get({ host: '127.0.0.1', port, path: 'http://a.test/', headers: authorizationOf(shell) })
  tool.on('error', () => {})
  const [, authorization = ''] = /^proxy-authorization: (.*)\r$/im.exec(await collected) ?? []
  expect(authorization).toMatch(/^Basic /)
  if (isRoot) {
    const refused = await world.hallpass(['start', '--listen', `127.0.0.1:${port}`])
    expect(refused.stderr).toContain(`127.0.0.1:${port} is in use by another user (uid 65534)`)
    const { stdout } = await world.hallpass(['doctor'], { env: { HALLPASS_LISTEN: `127.0.0.1:${port}` } })
    expect(stdout).toContain(`127.0.0.1:${port} is in use by another user (uid 65534)`)
  }
  thief.kill()
  await once(thief, 'close')

  await started(`127.0.0.1:${port}`)
  const fresh = authorizationOf(await variables())['Proxy-Authorization']
  expect((await asked(port, fresh)).status).toBe(200)
  const { status, body } = await asked(port, authorization)
  expect(status).toBe(407)
  expect(body).toMatch(
    /a token ends with the proxy that gave it out\neval "\$\(.*hallpass(?:\.cjs)? env\)"\n$/,
  )
})

test('session token rotate ends the token of a shell, and the tunnels that it opened', async () => {
  const { world, started, variables } = await startedWorld()
  const port = await started('127.0.0.1:0')
  const old = authorizationOf(await variables())
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  onTestFinished(() => void echo.close())
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const { port: echoPort } = echo.address() as AddressInfo
  const path = `127.0.0.1:${echoPort}`
  const headers = { Host: path, ...old }
  const connecting = request({ host: '127.0.0.1', port, method: 'CONNECT', path, headers }).end()
  const [{ statusCode }, tunnel] = (await once(connecting, 'connect')) as [IncomingMessage, Socket]
  expect(statusCode).toBe(200)
  tunnel.on('error', () => {})
  tunnel.write('ping')
  expect(String((await once(tunnel, 'data'))[0])).toBe('ping')
  const ended = new Promise((resolve) => tunnel.resume().once('close', resolve))

  const rotated = await world.hallpass(['session', 'token', 'rotate', 'default'])
  expect(rotated).toMatchObject({ status: 0, stdout: '' })
  expect(rotated.stderr).toMatch(/hint: eval "\$\(.*hallpass(?:\.cjs)? env\)"\n$/)
  await ended
  expect((await asked(port, old['Proxy-Authorization'])).status).toBe(407)
  expect((await asked(port, authorizationOf(await variables())['Proxy-Authorization'])).status).toBe(200)
})

test('session token rotate names a missing session, and has nothing to do without a proxy', async () => {
  const { world, started } = await startedWorld()
  const without = await world.hallpass(['session', 'token', 'rotate', '--json'])
  expect(without).toMatchObject({ status: 0 })
  expect(JSON.parse(without.stdout)).toMatchObject({ session: 'default', rotated: false })
  await started('127.0.0.1:0')
  expect(await world.hallpass(['session', 'token', 'rotate', 'gone'])).toMatchObject({
    status: 4,
    stdout: '',
  })
  const { stdout } = await world.hallpass(['session', 'token', 'rotate', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ session: 'default', rotated: true })
})

function authorizationOf(variables: Record<string, string>): { readonly 'Proxy-Authorization': string } {
  const { username, password } = new URL(variables.HTTPS_PROXY ?? '')
  return { 'Proxy-Authorization': `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
