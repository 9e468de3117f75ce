import { inPath } from '../environment/tool-settings.ts'
import { type Check, note } from './check.ts'

interface Tool {
  /** The note appears if this program is in PATH; without it the note always appears. */
  readonly program?: string
  /** The note is true only on this platform. */
  readonly platform?: NodeJS.Platform
  readonly fact: string
  readonly remedy: string
}

/** Tools that do not get the proxy or its certificates from variables. */
const tools: readonly Tool[] = [
  {
    program: 'python3',
    fact: 'aiohttp (Python) ignores the proxy variables',
    remedy: 'in the program: aiohttp.ClientSession(trust_env=True)',
  },
  {
    program: 'php',
    fact: 'PHP curl obeys the proxy variables, and takes its roots only from php.ini or -d',
    remedy: 'php -d curl.cainfo="$(hallpass ca bundle)"',
  },
  {
    program: 'php',
    fact: 'PHP streams (file_get_contents) ignore the proxy variables',
    remedy: "in the program: stream_context_create(['http' => ['proxy' => …]])",
  },
  {
    program: 'java',
    fact: 'Java reads no proxy variables, has its own trust store, and sends no proxy password',
    remedy: 'hallpass start --no-auth, and the commands under Java in certs/README.md',
  },
  {
    program: 'wget',
    fact: 'wget built with GnuTLS reads its certificates only from wgetrc files, and ~/.wgetrc overrides ours',
    remedy: 'remove ca_certificate from ~/.wgetrc',
  },
  {
    program: 'docker',
    fact: 'containers do not see these variables or 127.0.0.1 of this machine',
    remedy: 'hallpass env --format docker',
  },
  {
    program: 'go',
    platform: 'darwin',
    fact: 'Go programs on macOS trust only the keychain, not SSL_CERT_FILE',
    remedy: 'see certs/README.md: add the certificate to the keychain',
  },
  {
    fact: 'browsers and Electron applications trust only the system, and may ignore the proxy variables',
    remedy: 'see certs/README.md: add the certificate to the store of the system',
  },
  {
    fact: 'clients that pin the certificate of their service refuse the certificates of hallpass',
    remedy: 'leave their hosts unknown to the session: they pass through untouched',
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
