import { HallpassError } from '../errors.ts'
import { fieldOf, parseJsonObject } from '../json.ts'
import { isLocalName, isPlainLoopback } from '../rules/loopback.ts'
import type { Zod } from '../rules/rule-schema.ts'
import {
  commonBundled,
  commonOptions,
  type Definition,
  type Freshness,
  filePathOption,
  type Kind,
  type LastRefresh,
  type PendingCode,
  pathFlag,
} from './kind.ts'
import { dueAtOf } from './oauth2-due.ts'
import { maxTimeMs } from './token-life.ts'
import { isRefreshToken, type TokenSet, tokenSetOf } from './token-response.ts'
import { secretLine } from './value.ts'

export interface OAuth2Definition extends Definition {
  readonly kind: 'oauth2'
  /** The name of an entry of src/oauth/providers. */
  readonly provider?: string | undefined
  /** An issuer whose endpoints are discovered (RFC 8414, OpenID Connect Discovery). */
  readonly issuer?: string | undefined
  readonly authorizationEndpoint?: string | undefined
  readonly tokenEndpoint?: string | undefined
  readonly deviceAuthorizationEndpoint?: string | undefined
  readonly clientId?: string | undefined
  /** Default: `none` without a client secret, else client_secret_basic unless the provider says otherwise. */
  readonly clientAuth?: 'none' | 'client_secret_basic' | 'client_secret_post' | undefined
  readonly scopes?: readonly string[] | undefined
  readonly audience?: string | undefined
  readonly resource?: string | undefined
  /** On loopback, as it is registered; without it any port of 127.0.0.1, at /callback. */
  readonly redirectUri?: string | undefined
  /** How the tokens are obtained. */
  readonly flow?: 'code' | 'device' | 'client-credentials' | undefined
  /** The JSON file of the tool that owns the tokens: read again when it changes, and never refreshed here. */
  readonly tokenFile?: string | undefined
  /** Where in that file: `$.claudeAiOauth`. Default: the first object with an access token. */
  readonly path?: string | undefined
}

/** The sealed side of an oauth2 credential. */
export interface OAuth2Value {
  readonly tokens?: TokenSet | undefined
  readonly clientSecret?: string | undefined
  /** A device login under way: it survives the process. */
  readonly pending?:
    | {
        readonly deviceCode: string
        readonly userCode: string
        readonly verificationUri: string
        readonly verificationUriComplete?: string | undefined
        readonly intervalSeconds: number
        readonly expiresAt: number
      }
    | undefined
  /**
   * Written before the refresh token is sent, gone when the answer says that it was not used: as long as it is there, nobody
   * knows whether the refresh token has been replaced.
   */
  readonly attempt?: { readonly since: number } | undefined
  readonly needsLogin?: { readonly since: number; readonly reason: string } | undefined
  /** How the last refresh went. Other processes obey its `retryAt`. */
  readonly last?: LastRefresh | undefined
  readonly refreshes: number
}

const wanted = 'a token response (JSON) or a refresh token'

/** A bearer token that is refreshed: RFC 6749, RFC 6750. */
export const oauth2: Kind<OAuth2Definition, OAuth2Value> = {
  kind: 'oauth2',
  options: optionsOf,
  flags: {
    provider: {
      flags: '--provider <name>',
      summary: 'a provider that hallpass knows',
    },
    issuer: { flags: '--issuer <url>', summary: 'the URL of the issuer, if it publishes its endpoints' },
    authorizationEndpoint: {
      flags: '--authorization-endpoint <url>',
      summary: 'where you sign in, if the issuer does not publish it',
    },
    tokenEndpoint: {
      flags: '--token-endpoint <url>',
      summary: 'where tokens come from, if the issuer does not publish it',
    },
    deviceAuthorizationEndpoint: {
      flags: '--device-authorization-endpoint <url>',
      summary: 'where device logins begin, if the issuer does not publish it',
    },
    clientId: { flags: '--client-id <id>', summary: 'the client, as the issuer knows it' },
    clientAuth: {
      flags: '--client-auth <method>',
      summary: 'how the client proves itself: none, client_secret_basic, client_secret_post',
    },
    scopes: {
      flags: '--scope <scope...>',
      summary: 'the permissions of the tokens: ask for no more than you need',
      reads: 'list',
    },
    audience: {
      flags: '--audience <name>',
      summary: 'the API that the tokens are for, if the issuer asks for it',
    },
    resource: { flags: '--resource <url>', summary: 'the same by RFC 8707' },
    redirectUri: {
      flags: '--redirect-uri <url>',
      summary: 'the loopback URL that you registered, if its port matters: http://127.0.0.1:8722/callback',
    },
    flow: {
      flags: '--flow <flow>',
      summary: 'how to obtain the tokens: code, device or client-credentials; oauth1 for OAuth 1.0a',
    },
    tokenFile: {
      flags: '--file <path>',
      summary: 'with --read-only: the JSON file of the tool that owns the tokens',
      reads: 'path',
    },
    path: pathFlag,
  },
  secret: {
    wanted,
    schema: valueSchema,
    parse: (text, now) => fromJson(text, now) ?? fromRefreshToken(secretLine(text, wanted), now),
    print: ({ tokens }) => tokens?.accessToken ?? '',
    // A client secret belongs to the definition; new tokens do not take it away.
    over: (before, given) => ({
      ...given,
      ...(before.clientSecret !== undefined &&
        given.clientSecret === undefined && { clientSecret: before.clientSecret }),
    }),
    bundled,
  },
  bundled: {
    ...commonBundled,
    provider: 'comes',
    issuer: endpointOfOthers,
    authorizationEndpoint: endpointOfOthers,
    tokenEndpoint: endpointOfOthers,
    deviceAuthorizationEndpoint: endpointOfOthers,
    clientId: 'comes',
    clientAuth: 'comes',
    scopes: 'comes',
    audience: 'comes',
    resource: 'comes',
    redirectUri: 'comes',
    flow: 'comes',
    // Attack: the tokens of another tool of the importer, sent to the hosts of the bundle's author.
    tokenFile: () => 'it reads a file of this machine',
    path: 'dropped',
  },
  place: () => ({ in: 'header', name: 'Authorization' }),
  attach(_, { tokens, needsLogin }) {
    if (tokens !== undefined && tokens.accessToken !== '') return { value: `Bearer ${tokens.accessToken}` }
    if (needsLogin !== undefined) return { nothing: `needs login: ${needsLogin.reason}` }
    return {
      nothing: tokens === undefined ? 'no token yet' : 'no access token yet: the first request obtains it',
    }
  },
  secrets: ({ tokens }) => (tokens === undefined ? [] : [tokens.accessToken]),
  freshness,
}

function freshness(definition: OAuth2Definition, value: OAuth2Value): Freshness {
  const { tokens, needsLogin, last, refreshes, pending } = value
  const refreshable = isRefreshable(definition, value)
  const dueAt = refreshable && (needsLogin === undefined || isTriedAgain(value)) ? whenDue(value) : undefined
  return {
    ...(tokens?.expiresAt !== undefined && { expiresAt: tokens.expiresAt }),
    ...(dueAt !== undefined && { dueAt }),
    refreshable,
    ...(needsLogin && { needsLogin: needsLogin.reason }),
    refreshes,
    ...(pending && { pending: codeOf(pending) }),
    ...(last && { last }),
  }
}

/** Without the device code, which is a secret. */
function codeOf({
  userCode,
  verificationUri,
  verificationUriComplete,
  expiresAt,
}: NonNullable<OAuth2Value['pending']>): PendingCode {
  return {
    userCode,
    verificationUri,
    ...(verificationUriComplete !== undefined && { verificationUriComplete }),
    expiresAt,
  }
}

/**
 * Not `pending`: the author of a bundle begins a device login, the importer's own terminal shows its code, and the importer
 * then grants the access to the author. Not `last`: it would keep this machine from refreshing for as long as it says. Of `needsLogin`
 * not the words: they would be the author's, and they are printed.
 */
function bundled({ tokens, clientSecret, attempt, needsLogin, refreshes }: OAuth2Value): OAuth2Value {
  return {
    ...(tokens && { tokens }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(attempt && { attempt }),
    ...(needsLogin && {
      needsLogin: { since: needsLogin.since, reason: 'its login had ended when the bundle was made' },
    }),
    refreshes,
  }
}

/** Attack: the author of a bundle sends requests to servers on the importer's machine. */
function endpointOfOthers(value: unknown): string | undefined {
  const host = typeof value === 'string' && URL.canParse(value) ? new URL(value).hostname : ''
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return isLocalName(bare) || bare === '0.0.0.0' || bare === '::' || bare.startsWith('::ffff:')
    ? 'it sends requests to this machine'
    : undefined
}

export function isOAuth2(definition: Definition | undefined): definition is OAuth2Definition {
  return definition?.kind === 'oauth2'
}

/** Whether there is something to refresh with, and somebody to ask. */
export function isRefreshable(definition: OAuth2Definition, value: OAuth2Value): boolean {
  const { tokenFile, clientId, provider, issuer, tokenEndpoint } = definition
  if (tokenFile !== undefined || clientId === undefined) return false
  if ((provider ?? issuer ?? tokenEndpoint) === undefined) return false
  return value.tokens?.refreshToken !== undefined || asksInOwnName(definition, value)
}

/** RFC 6749 section 4.4: the client itself is all that is needed. */
export function asksInOwnName({ flow }: OAuth2Definition, { clientSecret }: OAuth2Value): boolean {
  return flow === 'client-credentials' && clientSecret !== undefined
}

/** Whether tokens that need a login are asked for once more: the server refused in words that may mean something else. */
export function isTriedAgain({ needsLogin, last }: OAuth2Value): boolean {
  return needsLogin !== undefined && last?.result === 'failed'
}

function whenDue({ tokens, attempt, last }: OAuth2Value): number | undefined {
  const due = tokens === undefined ? 0 : attempt === undefined ? dueAtOf(tokens) : tokens.expiresAt
  if (due === undefined) return undefined
  return Math.max(due, last?.retryAt ?? 0)
}

/** A token response; `client_secret` may stand in it, alone too where the client itself is all that is needed. */
function fromJson(text: string, now: number): OAuth2Value | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  const json = parseJsonObject(text)
  if (json === undefined) throw invalid('the value is not JSON')
  const accessToken = fieldOf(json, ['access_token', 'token'])
  const refreshToken = fieldOf(json, ['refresh_token'])
  const clientSecret = fieldOf(json, ['client_secret'])
  if (clientSecret !== undefined && !isRefreshToken(clientSecret))
    throw invalid('the client_secret is not valid')
  const secret = clientSecret !== undefined && { clientSecret }
  if (accessToken === undefined && refreshToken === undefined && secret) return { ...secret, refreshes: 0 }
  if (accessToken === undefined && isRefreshToken(refreshToken)) {
    return { ...secret, tokens: unused(refreshToken, now), refreshes: 0 }
  }
  const tokens = tokenSetOf(json, now)
  if (tokens === undefined)
    throw invalid('the JSON is not a token response of a bearer token (RFC 6749 section 5.1)')
  return { ...secret, tokens, refreshes: 0 }
}

function fromRefreshToken(token: string, now: number): OAuth2Value {
  if (!/^[\x21-\x7e]+$/.test(token)) throw invalid('a refresh token is one word of visible ASCII')
  return { tokens: unused(token, now), refreshes: 0 }
}

/** A refresh token that has no access token yet. */
function unused(refreshToken: string, now: number): TokenSet {
  return { accessToken: '', refreshToken, receivedAt: now, expiresAt: now }
}

function invalid(what: string): HallpassError {
  return new HallpassError('value-invalid', `${what}; it must be ${wanted}`)
}

function optionsOf(z: Zod) {
  const endpoint = () =>
    z.string().refine(isEndpoint, 'must be an https URL (http only for loopback)').optional()
  const text = () => z.string().min(1).optional()
  return z
    .strictObject({
      kind: z.literal('oauth2'),
      provider: text().describe('a provider that hallpass knows: github, google, …'),
      issuer: endpoint().describe('the issuer, when it publishes its endpoints'),
      authorizationEndpoint: endpoint().describe('where the user signs in, when nothing publishes it'),
      tokenEndpoint: endpoint().describe('where tokens come from, when nothing publishes it'),
      deviceAuthorizationEndpoint: endpoint().describe(
        'where device logins begin, when nothing publishes it',
      ),
      clientId: text().describe('the client as the provider knows it'),
      clientAuth: z
        .enum(['none', 'client_secret_basic', 'client_secret_post'])
        .optional()
        .describe('how the client proves itself; by default as the provider wants it'),
      scopes: z
        .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'not a scope'))
        .optional()
        .describe('what the token may do: no more than is needed'),
      audience: text().describe('the API that the token is for, where the provider asks for it'),
      resource: text().describe('the same by RFC 8707'),
      redirectUri: z
        .string()
        .refine(isLoopbackUrl, 'must be http://127.0.0.1:PORT/PATH, or the same with localhost')
        .optional()
        .describe('where the sign-in comes back to, when its port is registered'),
      flow: z
        .enum(['code', 'device', 'client-credentials'])
        .optional()
        .describe('how the tokens are obtained'),
      tokenFile: filePathOption(z)
        .optional()
        .describe('the JSON file of the tool that owns the tokens: read, never refreshed'),
      path: z
        .string()
        .regex(/^\$?\.?[^\0-\x1f\x7f.]+(?:\.[^\0-\x1f\x7f.]+)*$/, 'must be names joined by dots')
        .optional()
        .describe('where in that file: $.claudeAiOauth, or account.token'),
      ...commonOptions(z),
    })
    .refine(
      ({ tokenFile, path }) => path === undefined || tokenFile !== undefined,
      'path is for a token file',
    )
    .refine(
      ({ tokenFile, provider, issuer, tokenEndpoint }) =>
        tokenFile === undefined || (provider ?? issuer ?? tokenEndpoint) === undefined,
      'a token file is refreshed by the tool that owns it: no provider, issuer or tokenEndpoint beside tokenFile',
    )
}

function valueSchema(z: Zod) {
  const text = () => z.string().min(1)
  // Attack: a bundle with a time outside of these. hallpass could not print it, nor list the credential.
  const time = () => z.number().min(-maxTimeMs).max(maxTimeMs)
  return z.strictObject({
    tokens: z
      .strictObject({
        accessToken: z.string().regex(/^[\x21-\x7e]*$/),
        refreshToken: text().optional(),
        scope: z.string().optional(),
        receivedAt: time(),
        expiresAt: time().optional(),
      })
      .optional(),
    clientSecret: text().optional(),
    pending: z
      .strictObject({
        deviceCode: text(),
        userCode: text(),
        verificationUri: text(),
        verificationUriComplete: text().optional(),
        intervalSeconds: z.number(),
        expiresAt: time(),
      })
      .optional(),
    attempt: z.strictObject({ since: time() }).optional(),
    needsLogin: z.strictObject({ since: time(), reason: z.string() }).optional(),
    last: z
      .strictObject({
        at: time(),
        result: z.enum(['refreshed', 'failed', 'needs-login']),
        reason: z.string().optional(),
        failures: z.number(),
        refusals: z.number().optional(),
        retryAt: time().optional(),
      })
      .optional(),
    refreshes: z.number(),
  })
}

function isEndpoint(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || isPlainLoopback(url)
}

function isLoopbackUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username !== '' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname)
}
