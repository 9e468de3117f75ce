import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { mintLeaf } from '../certs/leaf.ts'
import { issuerOf, newAuthority } from '../certs/new-authority.ts'
import { toPem } from '../certs/pem.ts'

/** RFC 6761 section 6.4: a name that is nobody's. Not a loopback name, which clients keep away from proxies. */
export const tripHost = 'doctor.hallpass.test'

/** As git's server begins its answer: of an empty repository, so that `git ls-remote` is content. */
const emptyRepository = '001e# service=git-upload-pack\n00000000'

/** A TLS server with a certificate of its own, which answers 200 to who carries the cookie and 403 to all others. */
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
