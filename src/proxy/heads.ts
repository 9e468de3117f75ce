import { randomBytes } from 'node:crypto'
import type { Refusal, RequestBody } from '../credentials/signer.ts'
import { HallpassError } from '../errors.ts'
import { bindsConnection } from '../http1/connection-authentication.ts'
import { isPersistent } from '../http1/connection-fields.ts'
import { type FieldLine, fieldLine } from '../http1/field-line.ts'
import type { Framing } from '../http1/framing.ts'
import { encodeRequestHead, type RequestHead } from '../http1/request-head.ts'
import { encodeResponseHead, type ResponseHead } from '../http1/response-head.ts'
import { applyPlan } from '../plan/apply.ts'
import type { Capture } from '../plan/capture.ts'
import type { Fault } from '../plan/faults.ts'
import { namesHeader } from '../plan/names-header.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProxyUrl } from '../rules/proxy-url.ts'
import { namedHost, type RequestDestination } from './agreement.ts'
import { requestFields, responseFields } from './fields.ts'
import { authorityOf, lookupName, type Origin } from './origin.ts'
import { proxyAuthorization } from './through-proxy.ts'

export interface Sending {
  /** The request asks to become a WebSocket. */
  readonly upgrade: boolean
  readonly body: RequestBody
  /** The body is here, so the origin need not ask for it: Expect is removed. */
  readonly asked: boolean
  /** The upstream proxy that gets the request in absolute form. */
  readonly through: ProxyUrl | undefined
}

export interface HeadToOrigin {
  readonly bytes: Buffer
  /** The names of what the plan attached. */
  readonly attached: readonly string[]
  /** The names of what the plan removed, because it named another method or path. */
  readonly rerouting: readonly string[]
  /** The origin may tie the user of this request to the connection. */
  readonly bindsConnection: boolean
}

/** The request's head for the origin, edited as the plan says. Throws the refusal of the plan. */
export function headToOrigin(
  head: RequestHead,
  { origin, target }: RequestDestination,
  plan: Plan,
  { upgrade, body, asked, through }: Sending,
): HeadToOrigin {
  const named = namedHost(head.fields, origin)
  const own = asked ? named.filter(({ lower }) => lower !== 'expect') : named
  // Most plans sign nothing and need neither time nor randomness.
  const at =
    plan.body === 'none'
      ? undefined
      : { ...origin, method: head.method, body, now: Date.now(), nonce: randomBytes(16).toString('hex') }
  const edits = applyPlan(plan, { target, fields: own }, at)
  if (edits.refusal !== undefined) throw refusalError(edits.refusal, head.method, origin)
  const fields = requestFields(own, edits, { upgrade, minor: head.minor })
  const sent = { ...head, target: edits.target ?? target, fields }
  return {
    bytes: encodeRequestHead(through === undefined ? sent : forwarded(sent, origin, through)),
    attached: edits.attachedNames,
    rerouting: edits.reroutingNames,
    bindsConnection: fields.some(bindsConnection),
  }
}

/** The absolute form that an upstream proxy reads (RFC 9112, 3.2.2). */
function forwarded(head: RequestHead, origin: Origin, proxy: ProxyUrl): RequestHead {
  const path = head.target === '*' ? '' : head.target
  const authorization = proxyAuthorization(proxy)
  return {
    ...head,
    target: `${origin.scheme}://${authorityOf({ ...origin, host: lookupName(origin) })}${path}`,
    fields:
      authorization === undefined
        ? head.fields
        : [...head.fields, fieldLine('Proxy-Authorization', authorization)],
  }
}

function refusalError({ code, refused }: Refusal, method: string, origin: Origin): HallpassError {
  const authority = authorityOf(origin)
  const message = `${method} ${authority} is not sent: ${refused}`
  if (code === 'policy')
    return new HallpassError(code, message, { hint: `hallpass explain ${origin.scheme}://${authority}/` })
  return new HallpassError(code, `${message}; replay in the configuration sets the limit`, {
    hint: 'hallpass config path',
  })
}

export interface Answering {
  readonly capture: Capture | undefined
  /** The capture of a 401 that the client does not get. */
  readonly discarded: Capture | undefined
  /** What the client should know about the login; undefined: nothing. */
  readonly login: 'suspect' | 'needs-login' | undefined
  readonly faults: readonly Fault[]
  /** The client's connection ends with this response. */
  readonly close: boolean
}

/** The response's head for the client. */
export function headToClient(
  head: ResponseHead,
  { capture, discarded, login, faults, close }: Answering,
): Buffer {
  const upgrade = head.status === 101
  const add = capture === undefined && discarded === undefined ? [] : captureFields(discarded, capture)
  if (login !== undefined) add.push(fieldLine('Hallpass-Session', login))
  const notAttached = namesHeader(faults.map(({ name }) => name))
  if (notAttached !== undefined) add.push(fieldLine('Hallpass-Not-Attached', notAttached))
  const fields = responseFields(head.fields, {
    hidden: capture?.hidden ?? noneHidden,
    add,
    close: close && !upgrade,
    upgrade,
  })
  // RFC 9112, 2.3: the version is that of this connection.
  const startLine = head.minor === 1 ? head.startLine : `HTTP/1.1${head.startLine.slice('HTTP/1.0'.length)}`
  return encodeResponseHead({ ...head, minor: 1, startLine, fields })
}

const noneHidden: ReadonlySet<number> = new Set()

function captureFields(...captures: readonly (Capture | undefined)[]): FieldLine[] {
  const fields: FieldLine[] = []
  const captured = namesHeader([...new Set(captures.flatMap((capture) => capture?.captured ?? []))])
  if (captured !== undefined) fields.push(fieldLine('Hallpass-Captured', captured))
  const warning = captures.find((capture) => capture?.warning !== undefined)?.warning
  if (warning !== undefined) fields.push(fieldLine('Hallpass-Warning', warning))
  return fields
}

/** An interim response (100, 103) for the client, without its cookies: many clients skip interim responses. */
export function interimToClient(head: ResponseHead): Buffer {
  const fields = responseFields(head.fields, { hidden: 'all', add: [], close: false, upgrade: false })
  return encodeResponseHead({ ...head, fields })
}

/** Whether the client's connection may carry another request after this response. */
export function keepsClient(
  request: RequestHead,
  framing: Framing,
  body: { readonly begun: boolean; readonly done: boolean },
): boolean {
  if (request.minor === 0 || !isPersistent(request) || framing.kind === 'close') return false
  // A client that waits for a 100 may still send its body: the start of its next request is unknown.
  return body.done || body.begun || !request.fields.some((field) => field.lower === 'expect')
}
