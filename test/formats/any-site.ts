import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface AnySite {
  /** For `http_proxy`: it answers for every host itself. */
  readonly proxy: string
  readonly port: number
  /** The Cookie headers of the requests, in their order. */
  readonly cookies: string[]
}

/** A proxy that is every plain-http site at once, so that real tools get cookies of real host names without a name server. */
export async function anySite(setCookie: readonly string[]): Promise<AnySite> {
  const cookies: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    cookies.push(headerOf(request))
    response.setHeader(
      'Set-Cookie',
      setCookie.map((line) => Buffer.from(line, 'utf8').toString('latin1')),
    )
    // yt-dlp asks for this type.
    response.setHeader('Content-Type', 'video/mp4')
    // Bytes: a text would be joined with the head, and both be written as UTF-8.
    response.end(Buffer.from('ok\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { proxy: `http://127.0.0.1:${port}`, port, cookies }
}

/** The bytes as latin1 text, not joined by Node's own rules. */
function headerOf({ rawHeaders }: IncomingMessage): string {
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'cookie') values.push(rawHeaders[at + 1] ?? '')
  }
  return values.join('; ')
}
