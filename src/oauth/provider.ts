/** How an OAuth 2.0 token is obtained. */
export type Flow = 'code' | 'device' | 'client-credentials'

export interface Endpoints {
  readonly authorization?: string
  readonly token: string
  readonly deviceAuthorization?: string
}

/** Where the three steps of RFC 5849 section 2 go. */
export interface OAuth1Endpoints {
  readonly requestToken: string
  readonly authorize: string
  readonly accessToken: string
}

/**
 * An authorization server that is known: one file each, listed in providers.ts. What its documents say and what they do
 * differently from the RFCs, as data; an issuer with a discovery document that keeps to them needs no entry.
 */
export interface Provider {
  /** As `--provider` names it. */
  readonly name: string
  readonly title: string
  /** Where an application is registered, for whoever has no client id yet. */
  readonly register: string
  /** The issuer; none where everybody has one of their own. */
  readonly issuer?: string
  /** The issuer of a domain, a tenant or a host of one's own; none where there is but one. */
  readonly issuerOf?: (domain: string) => string
  /** What `issuerOf` takes, for the hint: `DOMAIN.okta.com`. */
  readonly domain?: string
  /** Where there is no discovery document, or one that says too little. */
  readonly endpoints?: (issuer: string, flow: Flow) => Endpoints
  readonly oauth1?: OAuth1Endpoints
  /** The first is the default. */
  readonly flows: readonly Flow[]
  /** The hosts of its API, which the token is for. */
  readonly hosts: (issuer: string) => readonly string[]
  /** Asked for when nobody says scopes: the least that is of use, or none. */
  readonly scopes: readonly string[]
  /** What of the asked scopes gives more than most need, and what would do instead. */
  readonly broad?: Readonly<Record<string, string>>
  /** What it takes to be given a refresh token. */
  readonly offline?: {
    readonly scopes?: readonly string[]
    readonly parameters?: Readonly<Record<string, string>>
  }
  /** How a client secret is sent, where not as RFC 6749 section 2.3.1 prefers. */
  readonly clientAuth?: 'client_secret_post'
  /** An application without a secret cannot be had, or cannot use this. */
  readonly secretNeeded?: true
  /** `localhost` where the registration takes no 127.0.0.1. */
  readonly redirectHost?: 'localhost'
  /** The registered redirect URI is compared with its port: it cannot be chosen at run time. */
  readonly redirectPort?: number
  /** An answer of the token endpoint in the form of RFC 6749 section 5. */
  readonly conform?: (answer: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
}
