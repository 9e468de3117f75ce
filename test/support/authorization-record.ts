import type { KoaContextWithOIDC } from 'oidc-provider'

interface Issued {
  readonly grantId: string
  /** By performance.now(): an access token lives as long as was announced, to the millisecond. */
  readonly at: number
  readonly until: number
}

/** The requests of the authorization server's clients, and the tokens that they hold. */
export class AuthorizationRecord {
  /** Of the access tokens that are issued from now on. */
  lifeSeconds: number
  /** All that came to the token endpoint. */
  tokenRequests = 0
  /** Those answered with tokens, by grant type. */
  readonly granted: Record<string, number> = {}
  /** Those answered with an error, by its code. */
  readonly refused: Record<string, number> = {}
  /** How often each refresh token came. */
  readonly spent = new Map<string, number>()
  /** Refresh tokens that came a second time, after which the grant was revoked. */
  /** In the order in which they were given out. */
  readonly refreshTokens: string[] = []
  reuses = 0
  revocations = 0
  readonly resource = { good: 0, refused: 0 }
  /** How old, in parts of its life, the youngest access token of a grant was when that grant was refreshed. */
  readonly ageAtRefresh: number[] = []
  readonly #issued = new Map<string, Issued>()
  readonly #latest = new Map<string, Issued>()
  readonly #revoked = new Set<string>()

  constructor(lifeSeconds: number) {
    this.lifeSeconds = lifeSeconds
  }

  /** Every access token and refresh token that was given out, each with a name, for a search. */
  get secrets(): Readonly<Record<string, string>> {
    const named = (what: string, all: Iterable<string>) =>
      [...all].map((token, n) => [`${what} ${n}`, token] as const)
    return Object.fromEntries([
      ...named('access token', this.#issued.keys()),
      ...named('refresh token', this.refreshTokens),
    ])
  }

  get refreshes(): number {
    return this.granted.refresh_token ?? 0
  }

  /** Access tokens that the resource would take now. */
  get alive(): number {
    return [...this.#issued.keys()].filter((token) => this.isAlive(token)).length
  }

  isAlive(accessToken: string): boolean {
    const issued = this.#issued.get(accessToken)
    return issued !== undefined && performance.now() < issued.until && !this.#revoked.has(issued.grantId)
  }

  issued(accessToken: string, grantId: string, lifeSeconds: number, refreshToken?: string): void {
    if (refreshToken !== undefined) this.refreshTokens.push(refreshToken)
    const at = performance.now()
    const issued = { grantId, at, until: at + lifeSeconds * 1000 }
    this.#issued.set(accessToken, issued)
    this.#latest.set(grantId, issued)
  }

  /** All access tokens stop being good, as after a change of password; refresh tokens stay. */
  expireAll(): void {
    for (const [token, issued] of this.#issued) this.#issued.set(token, { ...issued, until: 0 })
  }

  revoked(grantId: string): void {
    this.revocations++
    this.#revoked.add(grantId)
  }

  /** A token request that the provider has dealt with. */
  answered(ctx: KoaContextWithOIDC, grant: string, refreshToken: string | undefined): void {
    if (refreshToken !== undefined) this.spent.set(refreshToken, (this.spent.get(refreshToken) ?? 0) + 1)
    const body = ctx.body as { error?: string; access_token?: string; refresh_token?: string }
    if (ctx.status !== 200) {
      const code = body.error ?? String(ctx.status)
      this.refused[code] = (this.refused[code] ?? 0) + 1
      return
    }
    this.granted[grant] = (this.granted[grant] ?? 0) + 1
    const { AccessToken, ClientCredentials } = ctx.oidc.entities
    const grantId = AccessToken?.grantId ?? ClientCredentials?.jti ?? ''
    const before = this.#latest.get(grantId)
    if (grant === 'refresh_token' && before !== undefined)
      this.ageAtRefresh.push((performance.now() - before.at) / (before.until - before.at))
    if (body.access_token !== undefined)
      this.issued(body.access_token, grantId, this.lifeSeconds, body.refresh_token)
  }

  /** For a process that only gets to see this over HTTP: no token stands in it. */
  toJSON(): object {
    const { tokenRequests, granted, refused, reuses, revocations, resource, alive, ageAtRefresh } = this
    const spent = [...this.spent.values()]
    return { tokenRequests, granted, refused, reuses, revocations, resource, alive, ageAtRefresh, spent }
  }
}
