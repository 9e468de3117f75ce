import { isLoginPage } from './login-page.ts'
import type { Plan } from './plan.ts'

/** A field of a head, as the codec reads it. */
interface Field {
  readonly lower: string
  readonly value: string
}

/** An answer of a site to a request that carried something of the session. */
export interface Answered {
  /** `https://app.example.com`; with its port unless that is the default one. */
  readonly origin: string
  readonly method: string
  /** In origin form, with the query. */
  readonly target: string
  /** Of the request, as the client sent it. */
  readonly sent: readonly Field[]
  /** The names of what was attached: `cookie:sid`, `authorization(api)`. */
  readonly attached: readonly string[]
  readonly status: number
  /** Of the answer. */
  readonly fields: readonly Field[]
  /** Whether the host has answered a request of the session with success, since this process looks. */
  readonly succeeded: boolean
  /** Refusals in a row, this one included. */
  readonly refusals: number
}

/** An answer that looks as if a login has ended. */
export interface LoginSign {
  /** For people: `app.example.com answered 401 with the cookies`; behind it comes `of this session`. */
  readonly reason: string
  /** The credential that was refused; undefined for the cookies. */
  readonly credential?: string
  /** A success at this path shows that the login is alive; undefined: at any. */
  readonly path?: string
}

/** A login page that redirects is longer than any person reads. */
const maxShown = 80

/** As many refusals in a row, after successes, are no longer about one page that the user must not see. */
export const refusalsInRow = 3

/** What was asked for. A target such as `//bank.example/x` read as a relative reference would let an origin choose the host of a warning. */
export function askedUrl({ origin, target }: Pick<Answered, 'origin' | 'target'>): URL | null {
  return URL.parse(origin + target)
}

/** Whether an answer is a sign that a login has ended. docs/sessions.md has the rules for people. */
export function loginSign(answered: Answered, plan: Plan): LoginSign | undefined {
  const { method, status } = answered
  // A preflight or an echo says nothing about the user.
  if (method === 'OPTIONS' || method === 'TRACE') return undefined
  const url = askedUrl(answered)
  // A page to sign in at redirects and refuses as a part of its work, and /logout leads to it.
  if (url === null || isLoginPage(url) || isLogout(url)) return undefined
  const path = url.pathname
  if (status === 401) return refusedLogin(answered, plan, path)
  if (!asksForPage(answered)) return undefined
  const said = (what: string) => `${url.host} answered ${what} with the cookies`
  if (status === 403) {
    const isAboutUser = !answered.succeeded || answered.refusals >= refusalsInRow
    return isAboutUser && isRefusal(answered) ? { reason: said('403') } : undefined
  }
  const place = redirectToLogin(answered, url)
  return place === undefined ? undefined : { reason: said(`${status} to ${place}`), path }
}

function refusedLogin(answered: Answered, plan: Plan, path: string): LoginSign | undefined {
  const { origin, attached } = answered
  const { host } = new URL(origin)
  const used = plan.credentials.attached.filter(({ name, source }) => {
    return source.from !== 'cookie' && attached.some((text) => text.endsWith(`(${name})`))
  })
  // A 401 about tokens that hallpass refreshes has led to a refresh, and to a needed login if that failed.
  if (used.some(({ freshness }) => freshness?.refreshable === true || freshness?.needsLogin !== undefined))
    return undefined
  const [credential] = used
  if (credential !== undefined)
    return {
      reason: `${host} answered 401 with the credential ${credential.name}`,
      credential: credential.name,
      path,
    }
  const own = answered.sent.some(({ lower }) => lower === 'authorization')
  // It is about the client's own Authorization, or asks for one.
  if (own || asksForPassword(answered)) return undefined
  return { reason: `${host} answered 401 with the cookies`, path }
}

/** Whether every challenge is for a scheme that a client answers with a password. NTLM begins each connection with a 401. */
function asksForPassword({ fields }: Answered): boolean {
  const challenges = fields.filter(({ lower }) => lower === 'www-authenticate')
  return (
    challenges.length > 0 &&
    challenges.every(({ value }) => /^(?:basic|digest|ntlm|negotiate)\b/i.test(value))
  )
}

/** Whether an answer is a 403 about the user, and not about the speed of requests or the client as a robot. */
export function isRefusal(answered: Pick<Answered, 'method' | 'attached' | 'status' | 'fields'>): boolean {
  if (answered.status !== 403 || !asksForPage(answered)) return false
  // RFC 6585 has 429 for speed; some sites say 403 with Retry-After. Cloudflare marks its challenges.
  return !answered.fields.some(({ lower }) => lower === 'retry-after' || lower === 'cf-mitigated')
}

/** The answer to a form leads anywhere, and a 403 to one is often about a CSRF token. */
function asksForPage({ method, attached }: Pick<Answered, 'method' | 'attached'>): boolean {
  return (method === 'GET' || method === 'HEAD') && attached.some((name) => name.startsWith('cookie:'))
}

/** The login page that an answer leads to, for people; undefined if it leads to none. */
function redirectToLogin(
  { status, fields }: Pick<Answered, 'status' | 'fields'>,
  from: URL,
): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined
  const location = fields.find(({ lower }) => lower === 'location')?.value
  const to = location === undefined ? null : URL.parse(location, from.href)
  if (to === null || !/^https?:$/.test(to.protocol) || !isLoginPage(to)) return undefined
  return `${to.host === from.host ? '' : to.host}${to.pathname}`.slice(0, maxShown)
}

/**
 * Whether the answer to a form at a login page signs its user in. Elsewhere a dead login gets HttpOnly cookies too: Rails sets its
 * session with the redirect to the login page, Cloudflare sets `__cf_bm` anywhere.
 */
export function signsIn(
  answered: Pick<Answered, 'origin' | 'method' | 'target' | 'status' | 'fields'>,
): boolean {
  const { method, status, fields } = answered
  if (status >= 400 || method === 'GET' || method === 'HEAD') return false
  const isForBrowser = ({ lower, value }: Field) =>
    lower === 'set-cookie' && /;\s*httponly\s*(?:;|$)/i.test(value)
  if (!fields.some(isForBrowser)) return false
  const url = askedUrl(answered)
  // A wrong password leads to the login page again.
  return url !== null && isLoginPage(url) && redirectToLogin(answered, url) === undefined
}

function isLogout({ pathname }: URL): boolean {
  return /\/(?:log|sign)[-_]?(?:out|off)\b/i.test(pathname)
}

/** Whether an answer shows that the session may do what it asked for. */
export function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304
}
