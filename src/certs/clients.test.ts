import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needs } from '../../test/support/installed.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import type { Home } from '../store/home.ts'
import { KeyRing } from '../store/keyring.ts'
import { Authority } from './authority.ts'
import { writeBundle } from './bundle.ts'
import { Leaves } from './leaves.ts'

const run = promisify(execFile)

interface Served {
  readonly host: string
  readonly port: number
  readonly home: Home
}

/** The command of each client. Each gets its trust by file and prints the body that it received. */
const clients: Record<
  string,
  { needs: readonly [string, ...string[]]; ask: (at: Served) => Promise<string> }
> = {
  curl: {
    needs: ['curl', '--version'],
    ask: async ({ host, port, home }) => {
      const resolve = ['--connect-to', `::127.0.0.1:${port}`]
      return (
        await run('curl', ['-sS', '--cacert', home.caBundle, ...resolve, `https://${inUrl(host)}:${port}/`])
      ).stdout
    },
  },
  node: {
    needs: [process.execPath, '--version'],
    ask: async ({ host, port, home }) => {
      const script = `
        const [host, port] = process.argv.slice(1)
        const { get } = require('node:https')
        const servername = require('node:net').isIP(host) ? '' : host
        get({ host: '127.0.0.1', port, servername, headers: { host }, checkServerIdentity: (_, certificate) => require('node:tls').checkServerIdentity(host, certificate) }, (response) => response.pipe(process.stdout))`
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: home.caPem }
      return (await run(process.execPath, ['-e', script, host, String(port)], { env })).stdout
    },
  },
  'python in strict mode': {
    needs: ['python3', '-c', 'import ssl'],
    ask: async ({ host, port, home }) => {
      // What Python 3.13 has by default.
      const script = `
import socket, ssl, sys
host, port, trust = sys.argv[1:]
context = ssl.create_default_context(cafile=trust)
context.verify_flags |= ssl.VERIFY_X509_STRICT | 0x80000
with context.wrap_socket(socket.create_connection(('127.0.0.1', int(port))), server_hostname=host) as s:
    s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    answer = b''
    while chunk := s.recv(4096): answer += chunk
print(answer.decode().split('\\r\\n\\r\\n')[1], end='')`
      return (await run('python3', ['-c', script, host, String(port), home.caPem])).stdout
    },
  },
  'openssl s_client in strict mode': {
    needs: ['openssl', 'version'],
    ask: async ({ host, port, home }) => {
      const name =
        host.includes(':') || host.startsWith('127.')
          ? ['-verify_ip', host, '-noservername']
          : ['-verify_hostname', host, '-servername', host]
      const trust = [
        '-CAfile',
        home.caPem,
        '-no-CApath',
        '-x509_strict',
        '-verify_return_error',
        '-purpose',
        'sslserver',
      ]
      const asking = run('openssl', [
        's_client',
        '-quiet',
        '-connect',
        `127.0.0.1:${port}`,
        ...name,
        ...trust,
      ])
      asking.child.stdin?.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      const { stdout } = await asking
      return stdout.split('\r\n\r\n')[1] ?? ''
    },
  },
}

const hosts = [
  'example.com',
  `${'a'.repeat(60)}.long.example.com`,
  'xn--mnchen-3ya.example',
  'under_score.example.com',
  '127.0.0.1',
  '::1',
]

describe.each(Object.entries(clients))('%s, with our authority in a file', (_, client) => {
  it.for(hosts)('accepts the leaf of %s', async (host, context) => {
    needs(context, ...client.needs)
    expect(await client.ask(await serve(host, host))).toBe('hello')
  })

  it('refuses the leaf of another host', async (context) => {
    needs(context, ...client.needs)
    await expect(client.ask(await serve('example.com', 'other.example.com'))).rejects.toThrow()
  })
})

/** Serves the leaf of `leaf` to a client that asks for `host`, on the socket as the proxy does. */
async function serve(host: string, leaf: string): Promise<Served> {
  const home = temporaryHome()
  const keys = await KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true })
  const authority = await Authority.open(home, keys, { create: true })
  await writeBundle(home, { authority, env: {} })
  const secureContext = await new Leaves(authority).contextFor(leaf)
  const server = createServer((socket) => {
    const tls = new TLSSocket(socket, { isServer: true, secureContext })
    tls.on('error', () => socket.destroy())
    tls.once('data', () => tls.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { host, port: (server.address() as AddressInfo).port, home }
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
