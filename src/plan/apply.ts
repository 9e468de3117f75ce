import type { Cookie } from '../cookies/cookie.ts'
import { cookieHeader, mergeCookies, parseCookieHeader } from '../cookies/cookie-header.ts'
import { placeText } from '../credentials/credential.ts'
import type { Refusal, RequestBody, SignedField, SigningTime } from '../credentials/signer.ts'
import { isFieldValue } from '../credentials/value.ts'
import { connectionTokens, hopByHop } from '../http1/connection-fields.ts'
import type { PlannedCredential } from './choose-credentials.ts'
import type { ClientHead } from './client-head.ts'
import { isVisible } from './is-visible.ts'
import { type Swapped, swapPlaceholders } from './placeholders.ts'
import type { Plan } from './plan.ts'
import { hasQueryParam, setQueryParam } from './query-target.ts'
import { reroutingIn } from './rerouting.ts'

/** The rest of the request, with the time and the nonce of a signature. */
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
  /** The new request target, if it changes. It can hold a secret. */
  readonly target?: string
  /** Lower-case names of the fields whose lines are removed. */
  readonly remove: ReadonlySet<string>
  readonly add: readonly { readonly name: string; readonly value: string }[]
  /** For the log: `cookie:sid`, `authorization(api)`. */
  readonly attachedNames: readonly string[]
  /** For the log: `x-http-method-override`, `?_method`. */
  readonly reroutingNames: readonly string[]
}

const nothing: HeadEdits = { remove: new Set(), add: [], attachedNames: [], reroutingNames: [] }

/**
 * A plan and the client's own head → the changes to that head.
 * @param at without it hallpass signs nothing
 */
export function applyPlan(plan: Plan, sent: ClientHead, at?: SendContext): HeadEdits {
  const rerouting = plan.removesRerouting ? reroutingIn(sent) : undefined
  if (rerouting === undefined) return attach(plan, sent, at)
  // First, because a signature covers only what goes out.
  const { rest, fields, names } = rerouting
  const edits = attach(plan, rest, at)
  const target = edits.target ?? rest.target
  return {
    ...edits,
    ...(target !== sent.target && { target }),
    remove: new Set([...edits.remove, ...fields]),
    reroutingNames: names,
  }
}

function attach(plan: Plan, sent: ClientHead, at: SendContext | undefined): HeadEdits {
  const { cookies, credentials, guards } = plan
  if (cookies.attached.length === 0 && credentials.attached.length === 0 && guards.length === 0)
    return nothing

  const swapped = swapPlaceholders(plan, sent)
  if (typeof swapped === 'string') return { ...nothing, refusal: { refused: swapped, code: 'policy' } }
  const head = swapped ?? sent
  const own = ownOf(head)
  const edits: Edits = { target: head.target, remove: new Set(), add: [], names: [] }
  const cookie = cookieEdit(plan, own.cookie)
  if (swapped !== undefined) keepSwapped(edits, swapped)
  if (cookie !== undefined) {
    replace(edits, ['cookie'], [{ name: 'Cookie', value: cookie.value }])
    edits.names.push(...cookie.names)
  }
  const free = credentials.attached.filter((credential) => !isTaken(credential, head, own.names, swapped))
  for (const credential of free) addValue(edits, credential, cookie?.value ?? own.cookie)
  // Last, because a signature covers the rest of the head.
  for (const credential of free) {
    const refusal = at && addSignature(edits, credential, head, at)
    if (refusal !== undefined) return { ...nothing, refusal }
  }
  const { target, remove, add, names } = edits
  return { ...nothing, ...(target !== sent.target && { target }), remove, add, attachedNames: names }
}

/** Whether the client filled the place of a credential: by a placeholder, or by a value that `override: false` keeps. */
function isTaken(
  { place, override }: PlannedCredential,
  head: ClientHead,
  ownNames: ReadonlySet<string>,
  swapped: Swapped | undefined,
): boolean {
  if (place.in === 'query')
    return swapped?.params.has(place.name) || (!override && hasQueryParam(head.target, place.name))
  const lower = placeText(place)
  return swapped?.headers.has(lower) || (!override && ownNames.has(lower))
}

function addValue(edits: Edits, credential: PlannedCredential, cookies: string | undefined): void {
  const { place, source, name } = credential
  if (place.in === 'query') {
    if (source.from !== 'value' || !takesQuery(edits.target)) return
    edits.target = setQueryParam(edits.target, place.name, source.value.reveal())
  } else if (place.in === 'header') {
    const value = headerValue(credential, cookies)
    if (value === undefined) return
    replace(edits, [place.name.toLowerCase()], [{ name: place.name, value }])
  } else return
  edits.names.push(`${placeText(place)}(${name})`)
}

function addSignature(
  edits: Edits,
  { place, source, name }: PlannedCredential,
  head: ClientHead,
  at: SendContext,
): Refusal | undefined {
  if (source.from !== 'signature' || !edits.target.startsWith('/')) return undefined
  const fields = sentFields(head, edits)
  const signature = source.signer.sign({ ...at, target: edits.target, fields }, at)
  if ('refused' in signature) return { ...signature, refused: `${name}: ${signature.refused}` }
  if (signature.add.length === 0) return undefined
  edits.target = signature.target ?? edits.target
  replace(edits, signature.remove, signature.add)
  edits.names.push(`${placeText(place)}(${name})`)
  return undefined
}

interface Edits {
  target: string
  readonly remove: Set<string>
  add: { readonly name: string; readonly value: string }[]
  readonly names: string[]
}

function replace(edits: Edits, lowers: readonly string[], add: Edits['add'] | HeadEdits['add']): void {
  for (const lower of lowers) edits.remove.add(lower)
  edits.add = [...edits.add.filter(({ name }) => !lowers.includes(name.toLowerCase())), ...add]
}

/** Edits are by name: if one line of a field changed, all its lines are written again. */
function keepSwapped(edits: Edits, { fields, headers, used }: Swapped): void {
  const lines = fields.filter(({ name, lower = name.toLowerCase() }) => headers.has(lower))
  replace(edits, [...headers], lines)
  for (const name of used) edits.names.push(`placeholder(${name})`)
}

/** The fields that a signature covers: as the origin gets them, without those that end at this connection. */
function sentFields({ fields }: ClientHead, { remove, add }: Edits): SignedField[] {
  const lines: SignedField[] = []
  for (const { name, lower = name.toLowerCase(), value } of fields)
    if (!remove.has(lower)) lines.push({ name, lower, value })
  for (const { name, value } of add) lines.push({ name, lower: name.toLowerCase(), value })
  const named = connectionTokens(lines)
  return lines.filter(({ lower }) => lower === 'host' || !(hopByHop.has(lower) || named.has(lower)))
}

interface Own {
  /** The client's Cookie lines joined; undefined when it sent no Cookie. */
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
    // Nearly every request of nearly every tool gets this same line.
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
  // The client sends every cookie of the jar itself: its header stays.
  if (names.length === 0) return undefined
  return { value: mergeCookies(sent, jar, visible), names }
}

/** A mirror copies from the Cookie header that goes out; without that cookie it has no value. */
function headerValue({ source }: PlannedCredential, cookies: string | undefined): string | undefined {
  if (source.from === 'value') return source.value.reveal()
  if (source.from !== 'cookie') return undefined
  const value = parseCookieHeader(cookies ?? '').find(({ name }) => name === source.cookie)?.value
  // The cookie can be the client's own: a control character in it must not get into another header.
  return value !== undefined && isFieldValue(value) ? value : undefined
}

/** `OPTIONS *` has no query. */
function takesQuery(target: string): boolean {
  return target.startsWith('/') || /^https?:\/\//i.test(target)
}
