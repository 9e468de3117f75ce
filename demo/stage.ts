import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPublicAuthority } from './public-authority.ts'
import { type Account, startSite } from './site.ts'

export const appHost = 'app.example.com'
export const otherHost = 'other.example.net'

const bin = join(import.meta.dirname, '..', 'bin', 'hallpass.cjs')

export interface Stage {
  /** Each session id that the site gave out. */
  readonly sessionIds: ReadonlySet<string>
  /** The environment in which curl reaches the hosts of the stage without a proxy. */
  readonly direct: NodeJS.ProcessEnv
  /** Runs a line in bash, with `hallpass` as the built command of this checkout. Returns stdout and stderr, mixed as on a terminal. */
  run(line: string, env?: NodeJS.ProcessEnv): Promise<string>
  close(): Promise<void>
}

/** An empty home, a site at `appHost`, and a stranger at `otherHost` that no session knows. Real TLS, on loopback. */
export async function openStage(account: Account): Promise<Stage> {
  const authority = await openPublicAuthority()
  const site = await startSite(authority.tls, account)
  const stranger = createServer(authority.tls, (_request, response) => response.end())
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  const addresses = {
    [appHost]: `127.0.0.1:${site.port}`,
    [otherHost]: `127.0.0.1:${(stranger.address() as AddressInfo).port}`,
  }

  const home = mkdtempSync(join(tmpdir(), 'hallpass-demo-'))
  const config = join(home, '.hallpass', 'config')
  const direct = join(home, 'direct')
  mkdirSync(config, { recursive: true, mode: 0o700 })
  mkdirSync(direct)
  const rootFile = join(home, 'site-ca.pem')
  writeFileSync(rootFile, authority.pem)
  const settings = { listen: '127.0.0.1:0', upstreamCa: [rootFile], resolve: addresses }
  writeFileSync(join(config, 'config.yaml'), JSON.stringify(settings), { mode: 0o600 })
  const routes = Object.entries(addresses).map(([host, to]) => `connect-to = "${host}:443:${to}"\n`)
  writeFileSync(join(direct, '.curlrc'), `cacert = "${rootFile}"\n${routes.join('')}`)

  const env = {
    PATH: process.env.PATH,
    HOME: home,
    // The keyring belongs to the user, not to this home.
    HALLPASS_NO_KEYRING: '1',
    NODE: process.execPath,
    BIN: bin,
    TOKEN: account.apiToken,
  }
  return {
    sessionIds: site.sessionIds,
    direct: { CURL_HOME: direct },
    async run(line, more) {
      const output = await shell(`exec 2>&1\nhallpass() { "$NODE" "$BIN" "$@"; }\n${line}`, {
        ...env,
        ...more,
      })
      return output.replaceAll('\r\n', '\n').replaceAll(home, '~')
    },
    async close() {
      rmSync(home, { recursive: true, force: true })
      await site.close()
      stranger.close()
      authority.close()
    },
  }
}

function shell(script: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.on('error', reject)
    child.on('close', () => resolve(output))
  })
}
