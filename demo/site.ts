import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One account and one API token. Tests and the demo check that these values are nowhere in clear. */
export interface Account {
  readonly user: string
  readonly password: string
  readonly apiToken: string
}

export interface Site {
  readonly port: number
  /** Each session id that the site gave out. Each is a secret that must be nowhere in clear. */
  readonly sessionIds: ReadonlySet<string>
  close(): Promise<void>
}

/**
 * A small web application: a login form, an HttpOnly session cookie, a CSRF cookie that scripts read, and an API that takes
 * a bearer token.
 *
 *   GET  /            the form
 *   POST /login       user, password → 303 /me, Set-Cookie sid (HttpOnly) and csrftoken
 *   GET  /me          {"name":"Ada"} with a session, else 401
 *   POST /notes       needs the session and x-csrf-token equal to the csrftoken cookie, else 403
 *   GET  /rotate      a new sid for the old one, which dies
 *   GET  /api/me      {"name":"Ada","by":"bearer"} with the API token, else 401
 */
export async function startSite(tls: ServerOptions, account: Account): Promise<Site> {
  const sessions = new Map<string, { csrf: string }>()
  const sessionIds = new Set<string>()

  function newSession(response: ServerResponse): void {
    const sid = randomBytes(18).toString('base64url')
    const csrf = randomBytes(18).toString('base64url')
    sessions.set(sid, { csrf })
    sessionIds.add(sid)
    response.setHeader('set-cookie', [
      `sid=${sid}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400`,
      `csrftoken=${csrf}; Path=/; Secure; SameSite=Lax; Max-Age=86400`,
    ])
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(body)}\n`)
    }
    const body = await read(request)
    const cookies = parseCookies(request.headers.cookie)
    const sid = cookies.get('sid') ?? ''
    const session = sessions.get(sid)

    switch (`${request.method} ${new URL(request.url ?? '/', 'https://site').pathname}`) {
      case 'GET /':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        response.end(
          '<form method=post action=/login><input name=user><input name=password type=password><button>Sign in</button></form>\n',
        )
        return
      case 'POST /login': {
        const form = new URLSearchParams(body)
        if (form.get('user') !== account.user || form.get('password') !== account.password) {
          json(401, { error: 'wrong user or password' })
          return
        }
        newSession(response)
        response.writeHead(303, { location: '/me', 'content-type': 'text/plain' })
        response.end('welcome\n')
        return
      }
      case 'GET /me':
        if (session) json(200, { name: 'Ada' })
        else json(401, { error: 'sign in first' })
        return
      case 'GET /rotate':
        if (!session) {
          json(401, { error: 'sign in first' })
          return
        }
        sessions.delete(sid)
        newSession(response)
        json(200, { rotated: true })
        return
      case 'POST /notes':
        if (!session) json(401, { error: 'sign in first' })
        else if (
          request.headers['x-csrf-token'] !== session.csrf ||
          cookies.get('csrftoken') !== session.csrf
        )
          json(403, { error: 'CSRF token missing or wrong' })
        else json(201, { saved: body })
        return
      case 'GET /api/me':
        if (request.headers.authorization === `Bearer ${account.apiToken}`)
          json(200, { name: 'Ada', by: 'bearer' })
        else json(401, { error: 'bearer token missing or wrong' })
        return
      default:
        json(404, { error: 'not found' })
    }
  }

  const server = createServer(tls, (request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await listening(server)
  return {
    port: (server.address() as AddressInfo).port,
    sessionIds,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}

function parseCookies(header: string | undefined): Map<string, string> {
  return new Map(
    (header ?? '').split('; ').map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
