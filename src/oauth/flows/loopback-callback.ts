import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { HallpassError } from '../../errors.ts'
import { peerUid } from '../../net/peer-uid.ts'

export interface LoopbackOptions {
  /** As registered. `localhost` listens on ::1 too, so that nobody else can. */
  readonly host?: 'localhost'
  /** 0, or undefined, takes a free port. */
  readonly port?: number
  readonly path?: string
}

/** The callback at the redirect URI. */
export interface Callback {
  readonly url: URL
  /** Shows the person at the browser how the login ended. */
  answer(done: boolean): void
}

/** A sign-in that has begun. */
interface SignIn {
  readonly page: string
  /** A URL that leads to the page once. */
  readonly startPath: string
  readonly isOurs: (query: URLSearchParams) => boolean
}

/**
 * The redirect URI of a login, on loopback (RFC 8252 section 7.3). It takes one callback of this sign-in, answers every
 * other request with an error page, and goes on waiting.
 */
export class LoopbackCallback implements AsyncDisposable {
  readonly redirectUri: string
  readonly callback: Promise<Callback>
  readonly #servers: readonly Server[]
  readonly #url: URL
  readonly #startHost: string
  #signIn: SignIn | undefined
  #started = false
  #taken = false
  #take: (callback: Callback) => void = () => {}

  private constructor(url: URL, servers: readonly Server[]) {
    this.#url = url
    this.#startHost = `127.0.0.1:${url.port}`
    this.#servers = servers
    this.redirectUri = url.href
    this.callback = new Promise((resolve) => {
      this.#take = resolve
    })
    for (const server of servers) server.on('request', (request, response) => this.#serve(request, response))
  }

  /** @throws HallpassError `port-taken` for a given port that is in use. */
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

  /**
   * @param isOurs whether the query of a callback answers this sign-in
   * @returns a URL that leads to the page once. A browser gets it on its command line, which every user of the machine can read;
   *   the page's own URL holds the state, the port and the challenge.
   */
  begin(page: string, isOurs: SignIn['isOurs']): string {
    const startPath = `/${randomBytes(16).toString('base64url')}`
    this.#signIn = { page, startPath, isOurs }
    return `http://${this.#startHost}${startPath}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeIdleConnections()
            // Connections that a browser opened ahead and never used.
            setTimeout(() => server.closeAllConnections(), 500).unref()
          }),
      ),
    )
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#signIn !== undefined && request.url === this.#signIn.startPath)
      this.#start(this.#signIn, request, response)
    else this.#receive(request, response)
  }

  #start({ page }: SignIn, request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#startRefusalOf(request)
    if (refusal !== undefined) {
      refuse(response, refusal)
      return
    }
    this.#started = true
    const headers = { location: page, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
    response.writeHead(302, { ...headers, connection: 'close' }).end()
  }

  #startRefusalOf({ method, headers, socket }: IncomingMessage): Refusal | undefined {
    if (headers.host !== this.#startHost) return anotherHost
    if (method !== 'GET') return { status: 405, title: 'Not like this', text: 'A sign-in begins with GET.' }
    // Another user read the command line of the browser, and would sign us in under an account of their own. Not root: on WSL,
    // a program of root passes the connections of Windows on.
    const uid = peerUid(socket)
    if (uid !== undefined && uid !== 0 && uid !== process.getuid?.())
      return { status: 403, title: 'Another user', text: 'This sign-in belongs to another user.' }
    if (this.#started)
      return {
        status: 410,
        title: 'Already opened',
        text: 'If you did not open this page before, another program did: stop the login in the terminal.',
      }
    return undefined
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query = ''] = request.url?.split(/\?(.*)/s) ?? []
    const url = new URL(this.#url)
    url.search = query
    const refusal = this.#refusalOf(request, path, url.searchParams)
    if (refusal !== undefined) {
      refuse(response, refusal)
      return
    }
    this.#taken = true
    this.#take({
      url,
      answer: (done) =>
        done
          ? page(response, 200, 'Signed in', 'You can close this window and go back to the terminal.')
          : page(response, 400, 'Not signed in', 'The terminal says why. You can close this window.'),
    })
  }

  #refusalOf(
    { method, headers }: IncomingMessage,
    path: string,
    query: URLSearchParams,
  ): Refusal | undefined {
    // DNS rebinding: a page of evil.example, whose name now leads here, would share an origin with us.
    if (headers.host !== this.#url.host) return anotherHost
    if (path !== this.#url.pathname)
      return { status: 404, title: 'Nothing here', text: 'The login waits at another path.' }
    if (method !== 'GET') return { status: 405, title: 'Not like this', text: 'A callback is a GET.' }
    // A page that guesses the port could send an image or a frame of it here.
    if ((headers['sec-fetch-dest'] ?? 'document') !== 'document')
      return { status: 403, title: 'Not like this', text: 'A login comes in a window of its own.' }
    if (this.#taken)
      return {
        status: 410,
        title: 'Already answered',
        text: 'This login has been answered, and takes one answer.',
      }
    // A page that guesses the port could send its own code, or end the login.
    if (this.#signIn?.isOurs(query) !== true)
      return {
        status: 400,
        title: 'Another login',
        text: 'This answer belongs to another login. The login in the terminal goes on waiting.',
      }
    return undefined
  }
}

const anotherHost: Refusal = { status: 421, title: 'Another host', text: 'This is not that host.' }

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

function refuse(response: ServerResponse, { status, title, text }: Refusal): void {
  page(response, status, title, text)
}

/** Fixed text, without any part of the request. The page may load, run and keep nothing, and nobody may frame it. */
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
