import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Check, note } from './check.ts'

interface Tool {
  /** What to look for in PATH; always told without it. */
  readonly program?: string
  /** Where alone it is so. */
  readonly platform?: NodeJS.Platform
  readonly fact: string
  readonly remedy: string
}

/** Tools that no variable leads through the proxy or to its trust. */
const tools: readonly Tool[] = [
  {
    program: 'python3',
    fact: 'aiohttp (Python) ignores the proxy variables',
    remedy: 'in the program: aiohttp.ClientSession(trust_env=True)',
  },
  {
    program: 'php',
    fact: 'PHP streams (file_get_contents) ignore the proxy variables; PHP curl obeys them',
    remedy: "in the program: stream_context_create(['http' => ['proxy' => …]])",
  },
  {
    program: 'java',
    fact: 'Java reads no proxy variables, has its own trust store, and sends no proxy password',
    remedy:
      'hallpass start --no-auth, and java -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8787 -Djavax.net.ssl.trustStore=…',
  },
  {
    program: 'wget',
    fact: 'wget built with GnuTLS takes its trust from configuration alone, and one in ~/.wgetrc wins over ours',
    remedy: 'no ca_certificate in ~/.wgetrc',
  },
  {
    program: 'docker',
    fact: 'containers see neither these variables nor 127.0.0.1 of this machine',
    remedy: 'hallpass env --format docker',
  },
  {
    program: 'go',
    platform: 'darwin',
    fact: 'Go programs on macOS trust the keychain alone, not SSL_CERT_FILE',
    remedy: 'see certs/README.md: the certificate in the keychain',
  },
  {
    fact: 'Electron applications and browsers obey the proxy variables at most, and trust the system alone',
    remedy: 'see certs/README.md: the certificate in the system’s store',
  },
  {
    fact: 'clients that pin the certificate of their service refuse every proxy of this kind',
    remedy: 'leave their hosts unknown to the session: those pass through untouched',
  },
]

export const unhelped: Check = {
  name: 'not helped by variables',
  async examine({ env }) {
    const present = tools.filter(
      ({ program, platform = process.platform }) =>
        platform === process.platform && (program === undefined || inPath(program, env)),
    )
    return present.map(({ fact, remedy }) => note(fact, remedy))
  },
}

/** Whether a program is in PATH. */
export function inPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, program)))
}
