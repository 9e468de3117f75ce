import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { type AuthorizationServerOptions, makeProvider, testClients } from './authorization-provider.ts'
import { AuthorizationRecord } from './authorization-record.ts'
import { certificateFor, testRootPem } from './origin.ts'

/** A false answer: it writes a whole response, or cuts the connection. */
export type FalseAnswer = (response: ServerResponse) => void

/** The token response of RFC 6749 section 5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in?: number
  readonly refresh_token: string
  readonly scope?: string
}

/**
 * oidc-provider on loopback. It rotates refresh tokens, and revokes the whole grant when a refresh token comes twice. It counts
 * the requests of its clients. Every visitor of its sign-in pages is the user, signed in at once.
 */
export class AuthorizationServer implements AsyncDisposable {
  readonly clients = testClients
  readonly record: AuthorizationRecord
  readonly issuer: string
  readonly provider: Provider
  readonly jwt: boolean
  readonly #server: Server
  #underWay = 0
  /** Waited before a token request is looked at. */
  delayBeforeMs = 0
  /** Waited between the deed, as a rotation, and the answer. */
  delayAfterMs = 0
  /** Answers the next token requests, one each, and the server does nothing. */
  readonly instead: FalseAnswer[] = []
  /** Take the place of the answers to the next token requests, one each, after the server has acted. */
  readonly after: FalseAnswer[] = []
  /** While true every token request gets the first of `instead`, or of `after`, which stays. */
  again = false
  /** The user's answer at the sign-in page. */
  consent: 'allow' | 'deny' = 'allow'
  /** So many device polls are answered `slow_down`. */
  slowDowns = 0
  /** Called when a token request has come, before anything is done; when the deed is done, before the answer goes; and when the answer has gone. */
  observe: (moment: 'came' | 'done' | 'answered', grant: string) => void | Promise<void> = () => {}

  constructor(fields: {
    issuer: string
    provider: Provider
    server: Server
    record: AuthorizationRecord
    jwt: boolean
  }) {
    this.issuer = fields.issuer
    this.provider = fields.provider
    this.#server = fields.server
    this.record = fields.record
    this.jwt = fields.jwt
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get tokenEndpoint(): string {
    return `${this.issuer}/token`
  }

  /** Answers 200 to a live access token, else 401. */
  get resource(): string {
    return `${this.issuer}/resource`
  }

  /** Makes a grant without a sign-in, and returns the token response for it. */
  async issue(clientId: string = testClients.public.clientId): Promise<TokenResponse> {
    const { provider } = this
    const client = await provider.Client.find(clientId)
    if (client === undefined) throw new Error(`no client ${clientId}`)
    const grant = new provider.Grant({ accountId: 'ada', clientId })
    grant.addOIDCScope('openid offline_access')
    // The tokens for this resource are JWTs, but the first access token is opaque.
    if (this.jwt) grant.addResourceScope('urn:test:api', 'read')
    const grantId = await grant.save()
    const part = {
      accountId: 'ada',
      client,
      grantId,
      gty: 'authorization_code',
      scope: this.jwt ? 'openid offline_access read' : 'openid offline_access',
      ...(this.jwt ? { resource: 'urn:test:api' } : {}),
    }
    const life = this.record.lifeSeconds
    const accessToken = await new provider.AccessToken({ ...part, resource: undefined } as never).save()
    const refreshToken = await new provider.RefreshToken(part as never).save()
    this.record.issued(accessToken, grantId, life, refreshToken)
    return { access_token: accessToken, token_type: 'Bearer', expires_in: life, refresh_token: refreshToken }
  }

  /** Resolves when the token endpoint has dealt with all requests. */
  async idle(): Promise<void> {
    do await sleep(20)
    while (this.#underWay > 0)
  }

  /** Koa's middleware around all of the provider. */
  async around(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    if (ctx.path !== '/token' || ctx.method !== 'POST') return await next()
    this.#underWay++
    try {
      await this.#token(ctx, next)
    } finally {
      this.#underWay--
    }
  }

  async #token(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    this.record.tokenRequests++
    await readBefore(ctx)
    await this.observe('came', '')
    if (this.delayBeforeMs > 0) await sleep(this.delayBeforeMs)
    const instead = this.again ? this.instead[0] : this.instead.shift()
    if (instead !== undefined) return answerFalsely(ctx, instead)
    await next()
    const { grant_type: grant = '', refresh_token: refreshToken } = (ctx.oidc?.params ?? {}) as Record<
      string,
      string
    >
    if (grant.endsWith('device_code') && this.slowDowns > 0 && ctx.status !== 200) {
      this.slowDowns--
      ctx.body = { error: 'slow_down' }
    }
    this.record.answered(ctx, grant, refreshToken)
    await this.observe('done', grant)
    if (this.delayAfterMs > 0) await sleep(this.delayAfterMs)
    ctx.res.once('close', () => void this.observe('answered', grant))
    const after = this.again ? this.after[0] : this.after.shift()
    if (after !== undefined) answerFalsely(ctx, after)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Reads the whole request first, so that the request of a client that is killed meanwhile still counts. */
async function readBefore(ctx: KoaContextWithOIDC): Promise<void> {
  const body = await buffer(ctx.req)
  const read = {
    readable: { value: true },
    iterator: {
      value: async function* () {
        yield body
      },
    },
  }
  ctx.req = Object.create(ctx.req, read)
}

function answerFalsely(ctx: KoaContextWithOIDC, answer: FalseAnswer): void {
  ctx.respond = false
  ctx.res.statusCode = 200
  answer(ctx.res)
}

export async function startAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  const { hosts } = options
  const secure = hosts === undefined ? undefined : certificateFor(...hosts)
  const server = secure === undefined ? createServer() : createHttps(secure)
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = secure === undefined ? `http://127.0.0.1:${port}` : `https://${hosts?.[0]}:${port}`
  const record = new AuthorizationRecord(options.lifeSeconds ?? 3600)
  const provider = makeProvider(issuer, record, options)
  const authorization = new AuthorizationServer({
    issuer,
    provider,
    server,
    record,
    jwt: options.jwt !== undefined,
  })
  provider.use((ctx, next) => authorization.around(ctx as KoaContextWithOIDC, next))
  provider.on('grant.revoked', (_, grantId) => record.revoked(grantId))
  const listen = provider.callback()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', issuer)
    if (pathname === '/resource') return serveResource(record, request, response)
    if (pathname === '/counters') return void response.end(JSON.stringify(record))
    if (!pathname.startsWith('/interaction/')) return void listen(request, response)
    signIn(authorization, request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  return authorization
}

function serveResource(
  record: AuthorizationRecord,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { authorization = '' } = request.headers
  const good = record.isAlive(/^Bearer (\S+)$/.exec(authorization)?.[1] ?? '')
  record.resource[good ? 'good' : 'refused']++
  if (!good) response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' })
  request.resume().once('end', () => response.end(good ? 'for ada' : 'for nobody'))
}

/** The user's sign-in and consent, by a click that is not waited for. */
async function signIn(
  { provider, consent }: AuthorizationServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (consent === 'deny') {
    const error = { error: 'access_denied', error_description: 'the user said no' }
    return await provider.interactionFinished(request, response, error)
  }
  const { params } = await provider.interactionDetails(request, response)
  const grant = new provider.Grant({ accountId: 'ada', clientId: String(params.client_id) })
  grant.addOIDCScope(String(params.scope ?? 'openid'))
  const grantId = await grant.save()
  await provider.interactionFinished(request, response, {
    login: { accountId: 'ada' },
    consent: { grantId },
  })
}

/*
 * As a process of its own: `node test/support/authorization-server.ts [options as JSON]` says where it is, as one line of JSON, and runs
 * until it is ended or its stdin is. GET /counters tells what was asked of it.
 */
if (import.meta.main) {
  const server = await startAuthorizationServer(JSON.parse(process.argv[2] ?? '{}'))
  const { issuer, resource, clients } = server
  process.stdout.write(
    `${JSON.stringify({ issuer, resource, clients, rootPem: testRootPem(), tokens: await server.issue() })}\n`,
  )
  if (!process.stdin.isTTY) process.stdin.resume().once('end', () => process.exit())
}
