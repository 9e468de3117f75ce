import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { HallpassError } from '../../errors.ts'

export interface LoopbackOptions {
  /** As it is registered; `localhost` listens on ::1 too, so that nobody else can. */
  readonly host?: 'localhost'
  /** 0, or none: a free one. */
  readonly port?: number
  readonly path?: string
}

/** What came to the redirect URI. */
export interface Callback {
  readonly url: URL
  /** Says to the person at the browser how it ended. */
  answer(done: boolean): void
}

/**
 * The redirect URI of a login, on loopback (RFC 8252 section 7.3). It takes one callback and no second one; whatever a web page
 * can make a browser send here, but the redirect of a person's own window, is turned away without being one.
 */
export class LoopbackCallback implements AsyncDisposable {
  readonly redirectUri: string
  readonly callback: Promise<Callback>
  readonly #servers: readonly Server[]
  readonly #url: URL
  #taken = false
  #take: (callback: Callback) => void = () => {}

  private constructor(url: URL, servers: readonly Server[]) {
    this.#url = url
    this.#servers = servers
    this.redirectUri = url.href
    this.callback = new Promise((resolve) => {
      this.#take = resolve
    })
    for (const server of servers) server.on('request', (request, response) => this.#serve(request, response))
  }

  /** @throws HallpassError `port-taken` for a port that is wanted and in use. */
  static async open(options: LoopbackOptions = {}): Promise<LoopbackCallback> {
    const first = await listen('127.0.0.1', options.port ?? 0)
    const port = portOf(first)
    const servers = [first]
    // A machine without IPv6 has no ::1 that anybody could take.
    if (options.host === 'localhost')
      servers.push(...(await listen('::1', port).then((server) => [server], noIpv6)))
    const url = new URL(`http://${options.host ?? '127.0.0.1'}:${port}${options.path ?? '/callback'}`)
    return new LoopbackCallback(url, servers)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeIdleConnections()
            // What a browser opened ahead and never used.
            setTimeout(() => server.closeAllConnections(), 500).unref()
          }),
      ),
    )
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusalOf(request)
    if (refusal !== undefined) {
      page(response, refusal.status, refusal.title, refusal.text)
      return
    }
    this.#taken = true
    const url = new URL(request.url ?? '/', this.#url)
    this.#take({
      url,
      answer: (done) =>
        done
          ? page(response, 200, 'Signed in', 'You can close this window and go back to the terminal.')
          : page(response, 400, 'Not signed in', 'The terminal says why. You can close this window.'),
    })
  }

  #refusalOf({ method, url = '', headers }: IncomingMessage): Refusal | undefined {
    // DNS rebinding: a page of evil.example, whose name now leads here, would share an origin with us.
    if (headers.host !== this.#url.host)
      return { status: 421, title: 'Another host', text: 'This is not that host.' }
    if (!url.startsWith('/') || new URL(url, this.#url).pathname !== this.#url.pathname)
      return { status: 404, title: 'Nothing here', text: 'A login is waited for at another path.' }
    if (method !== 'GET') return { status: 405, title: 'Not like this', text: 'A login comes by GET.' }
    // A page that guesses the port could end the login with an image or a frame of it.
    if ((headers['sec-fetch-dest'] ?? 'document') !== 'document')
      return { status: 403, title: 'Not like this', text: 'A login comes in a window of its own.' }
    if (this.#taken)
      return {
        status: 410,
        title: 'Already answered',
        text: 'This login has been answered, and takes one answer.',
      }
    return undefined
  }
}

interface Refusal {
  readonly status: number
  readonly title: string
  readonly text: string
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer({ maxHeaderSize: 32 * 1024, keepAlive: false })
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      const message = `${host}:${port}, where the sign-in is to come back to, is in use: by another login?`
      reject(new HallpassError('port-taken', message, { cause: error }))
    })
    server.listen(port, host, () => resolve(server))
  })
}

function noIpv6(error: NodeJS.ErrnoException): readonly Server[] {
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') return []
  throw error
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const style =
  'body{font:18px/1.5 system-ui,sans-serif;max-width:30em;margin:20vh auto;padding:0 1em;color-scheme:light dark}'
const styleHash = createHash('sha256').update(style).digest('base64')

/** Fixed text alone: nothing of the request is in it, and nothing may be loaded, run, framed or kept. */
function page(response: ServerResponse, status: number, title: string, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    connection: 'close',
  })
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>hallpass: ${title}</title><style>${style}</style><h1>${title}</h1><p>${text}</p></html>`,
  )
}
