import type { Cookie } from '../cookies/cookie.ts'
import { cookieHeader, mergeCookies, parseCookieHeader } from '../cookies/cookie-header.ts'
import { placeText } from '../credentials/credential.ts'
import type { Refusal, RequestBody, SigningTime } from '../credentials/signer.ts'
import { isFieldValue } from '../credentials/value.ts'
import type { Reveal } from '../rules/rule.ts'
import type { PlannedCredential } from './choose-credentials.ts'
import type { Plan } from './plan.ts'
import { hasQueryParam, setQueryParam } from './query-target.ts'

/** What a client sent, as far as a plan can touch it. */
export interface ClientHead {
  readonly target: string
  readonly fields: readonly { readonly name: string; readonly value: string; readonly lower?: string }[]
}

/** The rest of the request, and what makes one signature differ from the next. */
export interface SendContext extends SigningTime {
  readonly method: string
  readonly scheme: 'https' | 'http'
  /** Of the verified connection; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly body: RequestBody
}

export interface HeadEdits {
  /** The request must not go out. */
  readonly refusal?: Refusal
  /** The request target, when it changes. It may hold a secret. */
  readonly target?: string
  /** Lower-case names of fields whose lines go. */
  readonly remove: ReadonlySet<string>
  readonly add: readonly { readonly name: string; readonly value: string }[]
  /** For the log: `cookie:sid`, `authorization(api)`. */
  readonly attachedNames: readonly string[]
}

const nothing: HeadEdits = { remove: new Set(), add: [], attachedNames: [] }

/** Whether the client gets to see a cookie, and so may send it with a value of its own. */
export function isVisible(cookie: Pick<Cookie, 'httpOnly'>, reveal: Reveal): boolean {
  return reveal === 'all' || (reveal === 'script' && !cookie.httpOnly)
}

/**
 * A plan and the client's own head → what to change in the head.
 * @param at without it nothing is signed
 */
export function applyPlan(plan: Plan, head: ClientHead, at?: SendContext): HeadEdits {
  const { cookies, credentials } = plan
  if (cookies.attached.length === 0 && credentials.attached.length === 0) return nothing

  const own = ownOf(head)
  const remove = new Set<string>()
  const add: { name: string; value: string }[] = []
  const names: string[] = []
  let target: string | undefined

  const cookie = cookieEdit(plan, own.cookie)
  if (cookie !== undefined) {
    remove.add('cookie')
    add.push({ name: 'Cookie', value: cookie.value })
    names.push(...cookie.names)
  }
  for (const credential of credentials.attached) {
    const { place, source, override, name } = credential
    if (place.in === 'query') {
      const now = target ?? head.target
      if (source.from !== 'value' || !takesQuery(now)) continue
      if (!override && hasQueryParam(now, place.name)) continue
      target = setQueryParam(now, place.name, source.value.reveal())
    } else {
      const lower = place.name.toLowerCase()
      if (!override && own.names.has(lower)) continue
      if (place.in !== 'header' || source.from === 'signature') continue
      const value = headerValue(credential, cookie?.value ?? own.cookie)
      if (value === undefined) continue
      remove.add(lower)
      add.push({ name: place.name, value })
    }
    names.push(`${placeText(place)}(${name})`)
  }
  return { ...(target !== undefined && { target }), remove, add, attachedNames: names }
}

interface Own {
  /** The client's Cookie lines as one; undefined when it sent none. */
  readonly cookie: string | undefined
  readonly names: ReadonlySet<string>
}

function ownOf({ fields }: ClientHead): Own {
  const names = new Set<string>()
  let cookie: string | undefined
  for (const field of fields) {
    const lower = field.lower ?? field.name.toLowerCase()
    names.add(lower)
    if (lower === 'cookie') cookie = cookie === undefined ? field.value : `${cookie}; ${field.value}`
  }
  return { cookie, names }
}

const headerOf = new WeakMap<Plan, { readonly value: string; readonly names: readonly string[] }>()

function cookieEdit(
  plan: Plan,
  own: string | undefined,
): { readonly value: string; readonly names: readonly string[] } | undefined {
  const jar = plan.cookies.attached
  if (jar.length === 0) return undefined
  if (own === undefined) {
    // Nearly every request of nearly every tool: the same line each time.
    let whole = headerOf.get(plan)
    if (whole === undefined) {
      whole = { value: cookieHeader(jar), names: jar.map(({ name }) => `cookie:${name}`) }
      headerOf.set(plan, whole)
    }
    return whole
  }
  const sent = parseCookieHeader(own)
  const sentNames = new Set(sent.map(({ name }) => name))
  const visible = (cookie: Cookie) => isVisible(cookie, plan.reveal)
  const names = jar
    .filter((cookie) => !(visible(cookie) && sentNames.has(cookie.name)))
    .map(({ name }) => `cookie:${name}`)
  // Everything that the jar has the client sends itself: its header stays as it is.
  if (names.length === 0) return undefined
  return { value: mergeCookies(sent, jar, visible), names }
}

/** The value for a header. A mirror copies from the Cookie header as it will be sent; without the cookie there is none. */
function headerValue({ source }: PlannedCredential, cookies: string | undefined): string | undefined {
  if (source.from === 'value') return source.value.reveal()
  if (source.from !== 'cookie') return undefined
  const value = parseCookieHeader(cookies ?? '').find(({ name }) => name === source.cookie)?.value
  // Part of it may be the client's: it must not bring the host down by way of another header.
  return value !== undefined && isFieldValue(value) ? value : undefined
}

/** `OPTIONS *` has no query. */
function takesQuery(target: string): boolean {
  return target.startsWith('/') || /^https?:\/\//i.test(target)
}
