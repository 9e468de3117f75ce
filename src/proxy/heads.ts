import { isPersistent } from '../http1/connection-fields.ts'
import { type FieldLine, fieldLine } from '../http1/field-line.ts'
import type { Framing } from '../http1/framing.ts'
import { encodeRequestHead, type RequestHead } from '../http1/request-head.ts'
import { encodeResponseHead, type ResponseHead } from '../http1/response-head.ts'
import { applyPlan } from '../sessions/apply.ts'
import type { Capture } from '../sessions/capture.ts'
import { capturedHeader } from '../sessions/captured-header.ts'
import type { Plan } from '../sessions/plan.ts'
import type { Destination } from './agreement.ts'
import { noEdits, requestFields, responseFields } from './fields.ts'
import { authorityOf } from './origin.ts'

/** The request's head as it goes to the origin, with what the plan attaches. */
export function headToOrigin(
  head: RequestHead,
  { origin, target }: Destination,
  plan: Plan,
  upgrade: boolean,
): { readonly bytes: Buffer; readonly attached: readonly string[] } {
  // TRACE sends the request back in the body: nothing is attached that the client may not see (cross-site tracing).
  const edits = head.method === 'TRACE' ? undefined : applyPlan(plan, { target, fields: head.fields })
  const fields = requestFields(head.fields, edits ?? noEdits, { upgrade, minor: head.minor })
  if (!fields.some((field) => field.lower === 'host')) fields.unshift(fieldLine('Host', authorityOf(origin)))
  return {
    bytes: encodeRequestHead({ ...head, target: edits?.target ?? target, fields }),
    attached: edits?.attachedNames ?? [],
  }
}

/** The response's head as it goes to the client; `close` when the client's connection ends with this response. */
export function headToClient(head: ResponseHead, capture: Capture | undefined, close: boolean): Buffer {
  const upgrade = head.status === 101
  const fields = responseFields(head.fields, {
    hidden: capture?.hidden ?? noneHidden,
    add: capture === undefined ? [] : captureFields(capture),
    close: close && !upgrade,
    upgrade,
  })
  // RFC 9112, 2.3: the version is this connection's.
  const startLine = head.minor === 1 ? head.startLine : `HTTP/1.1${head.startLine.slice('HTTP/1.0'.length)}`
  return encodeResponseHead({ ...head, minor: 1, startLine, fields })
}

const noneHidden: ReadonlySet<number> = new Set()

function captureFields(capture: Capture): FieldLine[] {
  const fields: FieldLine[] = []
  const captured = capturedHeader(capture.captured)
  if (captured !== undefined) fields.push(fieldLine('Hallpass-Captured', captured))
  if (capture.warning !== undefined) fields.push(fieldLine('Hallpass-Warning', capture.warning))
  return fields
}

/** An interim response (100, 103) as it goes to the client. A cookie in one would be lost on whoever skips it. */
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
  // A client that waits for a 100 may or may not send its body now: where its next request begins is in doubt.
  return body.done || body.begun || !request.fields.some((field) => field.lower === 'expect')
}
