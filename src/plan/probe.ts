import { isObject } from '../json.ts'
import { isLoginPage } from './login-page.ts'
import { isSuccess } from './login-sign.ts'

/** How to find out whether a login is alive: a request, or a command of the user. */
export interface Probe {
  /** Asked with GET; without it and without `command`, the root of the host. */
  readonly url?: string | undefined
  /** Exit status 0: the login is alive. Any other: it is dead. Run without a shell. */
  readonly command?: string | undefined
  readonly expect?: Expectation | undefined
  /** How often a running proxy asks: `30m`. Without it, only after a sign of a dead login. */
  readonly every?: string | undefined
}

/** What the answer to a living login is like. */
export interface Expectation {
  readonly status?: number | undefined
  /** A path or a URL: the answer must not lead there, or below it. */
  readonly notRedirectTo?: string | undefined
  /** `X-User`, or `X-User: ada`. */
  readonly header?: string | undefined
  readonly bodyContains?: string | undefined
  /** `user.id`: the JSON must have a value there, other than null, false and "". */
  readonly jsonPath?: string | undefined
}

export interface ProbeAnswer {
  readonly url: string
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** As much as was read. */
  readonly body: string
}

/** `unknown`: neither is shown, and the state of the login stays. The reason is for people. */
export type Verdict =
  | { readonly kind: 'alive' }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** What the answer to a probe says about the login. */
export function verdictOf(expected: Expectation, answer: ProbeAnswer): Verdict {
  const { status, url, headers } = answer
  const { host } = new URL(url)
  const location = headers.get('location')
  const to = location === null ? null : URL.parse(location, url)
  const place = to === null ? '' : ` to ${to.host === host ? '' : to.host}${to.pathname}`
  const answered = `${host} answered its probe with ${status}${place}`
  // A site that is busy or broken says nothing about its users.
  if (status !== expected.status && (status >= 500 || status === 429 || status === 408))
    return { kind: 'unknown', reason: answered }
  const fault = faultOf(expected, answer, to)
  return fault === undefined ? { kind: 'alive' } : { kind: 'dead', reason: `${answered}${fault}` }
}

/** What is wrong with an answer, to stand behind its status; undefined if nothing is. */
function faultOf(expected: Expectation, answer: ProbeAnswer, to: URL | null): string | undefined {
  const { status, headers, body } = answer
  const { notRedirectTo, header, bodyContains, jsonPath } = expected
  if (expected.status !== undefined && status !== expected.status) return `, not ${expected.status}`
  if (to !== null && notRedirectTo !== undefined && leadsTo(to, notRedirectTo)) return ''
  if (expected.status === undefined && !isSuccess(status) && (to === null || isLoginPage(to))) return ''
  if (header !== undefined && !hasHeader(headers, header)) return `, without the header "${header}"`
  if (bodyContains !== undefined && !body.includes(bodyContains)) return ', without the text of bodyContains'
  if (jsonPath !== undefined && !hasValue(body, jsonPath)) return `, without a value at ${jsonPath}`
  return undefined
}

function leadsTo({ pathname, origin }: URL, place: string): boolean {
  const isUrl = /^https?:\/\//i.test(place)
  const at = isUrl ? new URL(place) : undefined
  const path = (at?.pathname ?? place).replace(/\/$/, '')
  return (at === undefined || at.origin === origin) && (pathname === path || pathname.startsWith(`${path}/`))
}

function hasHeader(headers: ProbeAnswer['headers'], expected: string): boolean {
  const [name = '', ...rest] = expected.split(':')
  const value = headers.get(name.trim())
  return rest.length === 0 ? value !== null : value === rest.join(':').trim()
}

function hasValue(body: string, path: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return false
  }
  for (const name of path.replace(/^\$\.?/, '').split('.')) {
    if (name === '') continue
    value = Array.isArray(value)
      ? value[Number(name)]
      : isObject(value) && Object.hasOwn(value, name)
        ? value[name]
        : undefined
  }
  return value !== undefined && value !== null && value !== false && value !== ''
}
