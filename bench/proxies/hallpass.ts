import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve, startedWith } from '../child.ts'
import { liveMemoryOf } from '../live-memory.ts'
import { bearer, cookieName, cookieValue, domain, refreshedHost, warmHost } from '../material.ts'
import { usageOf } from '../usage-of.ts'

/**
 * hallpass as `hallpass start --background` runs it: built, sealed file store, request log on disk, client token, cookie and bearer
 * from the session. This process makes the state, starts the proxy, and reads its CPU and memory.
 */
const { originPort, state, rootPem, names } = startedWith<{
  originPort: number
  state: string
  rootPem: string
  names: readonly string[]
}>()

// The bench runs the build, with the types of the sources.
const { openHallpass } = (await import(
  join(import.meta.dirname, '../../dist/index.js')
)) as typeof import('../../src/index.ts')

mkdirSync(state, { recursive: true, mode: 0o700 })
const file = (name: string, text: string) => {
  const path = join(state, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
const configuration = file(
  'bench.yaml',
  JSON.stringify({
    listen: '127.0.0.1:0',
    upstreamCa: [file('bench-root.pem', rootPem)],
    resolve: Object.fromEntries([...names, refreshedHost].map((name) => [name, '127.0.0.1'])),
  }),
)
const env = { HOME: state, HALLPASS_HOME: state, HALLPASS_NO_KEYRING: '1', PATH: process.env.PATH }
const hallpass = await openHallpass({ home: state, env, configFile: configuration })
if (hallpass.created.key) {
  await hallpass.saveTokens('bench', { kind: 'bearer', hosts: [`*.${domain}`] }, bearer)
  // The token outlives the bench, so that nobody asks its server.
  await hallpass.saveTokens(
    'refreshed',
    { kind: 'oauth2', hosts: [refreshedHost], issuer: `https://id.${domain}`, clientId: 'bench' },
    JSON.stringify({
      access_token: bearer,
      token_type: 'Bearer',
      expires_in: 86_400,
      refresh_token: 'unused',
    }),
  )
  await hallpass.saveCookies(`https://${warmHost}:${originPort}/`, [
    `${cookieName}=${cookieValue}; Domain=${domain}; Path=/; Secure; HttpOnly; Max-Age=86400`,
  ])
}

/** Passes the arguments of this Node, such as those of a profile, to the proxy. */
function command(...args: readonly string[]): string {
  const line = [...process.execArgv, join(import.meta.dirname, '../../bin/hallpass.cjs'), ...args]
  return execFileSync(process.execPath, line, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

command('start', '--background', '--config', configuration)
const { pid, port } = JSON.parse(command('status', '--json')) as {
  readonly pid: number
  readonly port: number
}
process.on('exit', () => process.kill(pid))
const { set } = JSON.parse(command('env', '--format', 'json')) as {
  readonly set: { readonly HTTPS_PROXY: string }
}
const { username, password } = new URL(set.HTTPS_PROXY)
serve(
  { port, ca: hallpass.authority.certificatePem, auth: `${username}:${password}` },
  { usage: () => usageOf(pid), live: () => liveMemoryOf(pid, state) },
)
