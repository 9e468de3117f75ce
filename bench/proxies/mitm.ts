import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Proxy as MitmProxy } from 'http-mitm-proxy'
import { serve, startedWith, usage } from '../child.ts'
import { bearer, cookieName, cookieValue } from '../material.ts'

/** http-mitm-proxy 1.1.0 doing the same job: cookie and bearer on each request, keep-alive and verification upstream. */
const { rootPem } = startedWith<{ rootPem: string }>()

console.debug = () => {}
const folder = mkdtempSync(join(tmpdir(), 'hallpass-bench-mitm-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const toLoopback = (_host: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)

const proxy = new MitmProxy()
proxy.onError(() => {})
proxy.onRequest((context, next) => {
  const headers = context.proxyToServerRequestOptions?.headers
  if (headers !== undefined) {
    headers.cookie = `${cookieName}=${cookieValue}`
    headers.authorization = `Bearer ${bearer}`
  }
  next()
})
const agent = new Agent({ keepAlive: true, ca: rootPem, lookup: toLoopback as never })
proxy.listen({ host: '127.0.0.1', port: 0, sslCaDir: folder, keepAlive: true, httpsAgent: agent }, () => {
  const ca = readFileSync(join(folder, 'certs', 'ca.pem'), 'utf8')
  serve({ port: proxy.httpPort, ca }, { usage })
})
