import { mkdirSync, writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { serve, startedWith, usage } from '../child.ts'
import { bearer, cookieName, cookieValue, domain, refreshedHost, warmHost } from '../material.ts'

/**
 * hallpass as `hallpass start` runs it: built, sealed file store, request log on disk, client token, cookie and bearer
 * from the session. What a first start makes is there already at the later ones.
 */
const { originPort, state, rootPem, names } = startedWith<{
  originPort: number
  state: string
  rootPem: string
  names: readonly string[]
}>()

// What runs is what is shipped; its types are those of the source.
const dist = join(import.meta.dirname, '../../dist')
enableCompileCache(join(dist, '.cache')) // as bin/hallpass.cjs does
const { openHallpass } = (await import(join(dist, 'index.js'))) as typeof import('../../src/index.ts')
const { openLog } = (await import(join(dist, 'log.js'))) as typeof import('../../src/log.ts')

mkdirSync(state, { recursive: true, mode: 0o700 })
const rootFile = join(state, 'bench-root.pem')
writeFileSync(rootFile, rootPem, { mode: 0o600 })

const hallpass = await openHallpass({
  home: state,
  env: { HOME: state },
  config: {
    listen: '127.0.0.1:0',
    upstreamCa: [rootFile],
    resolve: Object.fromEntries([...names, refreshedHost].map((name) => [name, '127.0.0.1'])),
  },
})
if (hallpass.created.key) {
  await hallpass.saveTokens('bench', { kind: 'bearer', hosts: [`*.${domain}`] }, bearer)
  // Fresh for as long as a bench can run: its server is never asked.
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
const proxy = await hallpass.startProxy({ log: openLog({ folder: hallpass.home.log }) })
const url = new URL(await proxy.url())
serve(
  { port: proxy.port, ca: hallpass.authority.certificatePem, auth: `${url.username}:${url.password}` },
  { usage },
)
