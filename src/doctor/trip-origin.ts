import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { mintLeaf } from '../certs/leaf.ts'
import { issuerOf, newAuthority } from '../certs/new-authority.ts'
import { toPem } from '../certs/pem.ts'

/** A reserved name (RFC 6761 section 6.2). Not a loopback name, for which clients bypass the proxy. */
export const tripHost = 'doctor.hallpass.test'

/** The answer of a git server for an empty repository, which is enough for `git ls-remote`. */
const emptyRepository = '001e# service=git-upload-pack\n00000000'

/** Starts a TLS server with its own authority. It answers 200 to requests with the cookie and 403 to all others. */
export async function startTripOrigin(cookie: string) {
  const now = Date.now()
  const root = newAuthority(now)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const leaf = mintLeaf(tripHost, publicKey.export({ type: 'spki', format: 'der' }), issuerOf(root), now)
  let admitted = false
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const server = createServer({ key, cert: toPem('CERTIFICATE', leaf.der) }, (request, response) => {
    const isGit = request.url?.includes('git-upload-pack') === true
    if (request.headers.cookie !== cookie) {
      response.writeHead(403).end('no cookie\n')
      return
    }
    admitted = true
    response.writeHead(200, {
      'content-type': isGit ? 'application/x-git-upload-pack-advertisement' : 'text/plain',
    })
    response.end(isGit ? emptyRepository : 'ok\n')
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => resolve())
  await promise
  return {
    port: (server.address() as AddressInfo).port,
    rootPem: root.certificate.toString(),
    letIn: () => admitted,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
