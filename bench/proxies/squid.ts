import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { caExtensions, makeCertificate } from '../../test/support/make-certificate.ts'
import { serve, startedWith } from '../child.ts'
import { bearer, cookieName, cookieValue } from '../material.ts'
import { usageOf } from '../usage-of.ts'

/** Squid with ssl_bump, doing the same job. This process only starts it, and reads its CPU and memory. */
const { rootPem, program, names } = startedWith<{
  rootPem: string
  program: string
  names: readonly string[]
}>()

const folder = mkdtempSync(join(tmpdir(), 'hallpass-bench-squid-'))
const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
// Started as root, squid becomes another user. That user must read this folder and write its database.
chmodSync(folder, 0o777)

const ca = makeCertificate({ commonName: 'bench squid', extensions: caExtensions(0) })
const caFile = file('ca.pem', ca.cert + ca.key.export({ type: 'pkcs8', format: 'pem' }))
const database = join(folder, 'certificates')
const certgen = '/usr/lib/squid/security_file_certgen'
execFileSync(certgen, ['-c', '-s', database, '-M', '16MB'])
if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'proxy', folder])

const port = await freePort()
const configuration = file(
  'squid.conf',
  `http_port 127.0.0.1:${port} ssl-bump tls-cert=${caFile} generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program ${certgen} -s ${database} -M 16MB
sslcrtd_children 2
ssl_bump bump all
tls_outgoing_options cafile=${file('root.pem', rootPem)}
request_header_add Cookie "${cookieName}=${cookieValue}" all
request_header_add Authorization "Bearer ${bearer}" all
hosts_file ${file('hosts', `127.0.0.1 ${names.join(' ')}\n`)}
acl all_ports port 1-65535
http_access allow all
cache deny all
access_log none
cache_log ${join(folder, 'cache.log')}
pid_filename ${join(folder, 'squid.pid')}
coredump_dir ${folder}
shutdown_lifetime 0 seconds
`,
)

const squid = spawn(program, ['-N', '-f', configuration], { stdio: 'ignore' })
process.on('exit', () => {
  squid.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
await listening(squid)
serve({ port, ca: ca.cert }, { usage: () => usageOf(squid.pid ?? 0) })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function listening(child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (child.exitCode !== null) break
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy())
    })
    if (open) return
    await sleep(25)
  }
  throw new Error(`squid does not listen: ${readFileSync(join(folder, 'cache.log'), 'utf8').slice(-1500)}`)
}
