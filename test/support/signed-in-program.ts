import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Hallpass, openHallpass } from '../../src/index.ts'
import { testRootPem } from './origin.ts'
import { temporaryHome } from './temporary-home.ts'

/** The values of the session, for searches in places where they must not be. */
export const secrets = ['cookie-canary', 'bearer-canary', 'query-canary']

export interface SignedInProgram {
  readonly hallpass: Hallpass
  /** The environment of another process that opens the same folder. */
  readonly env: NodeJS.ProcessEnv
}

/**
 * An opened state folder that trusts the test origins. The session has the cookie `sid` of site.test, a bearer token for it, and a
 * query credential for query.test.
 *
 * @param origins the ports of the origins, by `host` or `host:port`
 */
export async function signedInProgram(
  origins: Readonly<Record<string, { readonly port: number }>>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<SignedInProgram> {
  const { root } = temporaryHome()
  const upstreamCa = join(root, 'test-root.pem')
  writeFileSync(upstreamCa, testRootPem())
  const resolve = Object.fromEntries(
    Object.entries(origins).map(([host, { port }]) => [host, `127.0.0.1:${port}`]),
  )
  const env = { HOME: root, HALLPASS_HOME: root, HALLPASS_NO_KEYRING: '1' }
  const settings = { upstreamCa: [upstreamCa], resolve, ...config }
  const hallpass = await openHallpass({ env, config: settings })
  onTestFinished(() => hallpass.close())
  const [cookie = '', bearer = '', query = ''] = secrets
  await hallpass.saveCookies('https://site.test/', [`sid=${cookie}; Secure; HttpOnly`])
  await hallpass.saveTokens('api', { kind: 'bearer', hosts: ['site.test'] }, bearer)
  await hallpass.saveTokens('key', { kind: 'query', param: 'key', hosts: ['query.test'] }, query)
  return { hallpass, env }
}
