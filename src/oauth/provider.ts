/** A way to obtain an OAuth 2.0 token. */
export type Flow = 'code' | 'device' | 'client-credentials'

export interface Endpoints {
  readonly authorization?: string
  readonly token: string
  readonly deviceAuthorization?: string
}

/** The endpoints of the three steps of RFC 5849 section 2. */
export interface OAuth1Endpoints {
  readonly requestToken: string
  readonly authorize: string
  readonly accessToken: string
}

/**
 * A known authorization server: one file each, listed in providers.ts. It has the facts of the provider's documents, and the
 * differences from the RFCs, as data. An issuer with a discovery document that follows the RFCs needs no entry.
 */
export interface Provider {
  /** The name for `--provider`. */
  readonly name: string
  readonly title: string
  /** The page to register an application, for users without a client id. */
  readonly register: string
  /** The issuer; undefined when each customer has an own one. */
  readonly issuer?: string
  /** Makes the issuer of a customer's domain, tenant or host; undefined when there is one issuer for all. */
  readonly issuerOf?: (domain: string) => string
  /** The argument of `issuerOf`, for the hint: `DOMAIN.okta.com`. */
  readonly domain?: string
  /** Set when there is no discovery document, or an incomplete one. */
  readonly endpoints?: (issuer: string, flow: Flow) => Endpoints
  readonly oauth1?: OAuth1Endpoints
  /** The first is the default. */
  readonly flows: readonly Flow[]
  /** The hosts of its API, for which the token is. */
  readonly hosts: (issuer: string) => readonly string[]
  /** The default scopes: the least useful ones, or none. */
  readonly scopes: readonly string[]
  /** The scopes that give more than most users need, with a narrower one. */
  readonly broad?: Readonly<Record<string, string>>
  /** The conditions for a refresh token. */
  readonly offline?: {
    readonly scopes?: readonly string[]
    readonly parameters?: Readonly<Record<string, string>>
  }
  /** The way to send a client secret, if it differs from the default of RFC 6749 section 2.3.1. */
  readonly clientAuth?: 'client_secret_post'
  /** The provider has no applications without a secret, or not for this. */
  readonly secretNeeded?: true
  /** `localhost` when the registration refuses 127.0.0.1. */
  readonly redirectHost?: 'localhost'
  /** The provider compares the redirect URI with its port, so the port cannot be chosen at run time. */
  readonly redirectPort?: number
  /** Brings an answer of the token endpoint into the form of RFC 6749 section 5. */
  readonly conform?: (answer: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
}
