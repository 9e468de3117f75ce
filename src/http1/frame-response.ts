import { type FieldLine, fieldLine, withoutBlanks } from './field-line.ts'
import { type Framing, framingFields, responseFraming } from './framing.ts'
import type { ResponseHead } from './response-head.ts'

export interface FramedResponse {
  /** Its fields give the one length that `framing` says, or none. */
  readonly head: ResponseHead
  readonly framing: Framing
}

/** The framing of a response. Several lengths that curl and Chromium read alike become one first (docs/wire.md). */
export function frameResponse(head: ResponseHead, requestMethod: string): FramedResponse {
  try {
    return { head, framing: responseFraming(head, requestMethod) }
  } catch (error) {
    const mended = mendLengths(head)
    if (mended === undefined) throw error
    return { head: mended, framing: responseFraming(mended, requestMethod) }
  }
}

/** Undefined when readers disagree about the length, or refuse it. */
function mendLengths(head: ResponseHead): ResponseHead | undefined {
  const lengths = new Set(membersOf(head, 'content-length'))
  if (head.status === 204) {
    // RFC 9112, 6.3: it ends with its head, whatever the fields say.
    return lengths.size > 1 ? undefined : withLength(head, undefined, 'a 204 with a length')
  }
  const codings = membersOf(head, 'transfer-encoding')
  if (!codings.every((coding) => coding === '' || coding === 'chunked' || coding === 'identity'))
    return undefined
  const [length = ''] = lengths
  if (codings.includes('chunked')) {
    // HTTP/1.0 has no chunks: curl reads them, Chromium does not.
    if (head.minor === 0 || ![...lengths].every(isDecimal)) return undefined
    const repair = lengths.size > 0 ? 'a length beside the chunks' : 'an odd Transfer-Encoding'
    return withLength(head, ['transfer-encoding', 'chunked'], repair)
  }
  if (codings.length > 0) {
    // Beside it, Chromium believes a length, and curl does not.
    return lengths.size > 0 ? undefined : withLength(head, undefined, 'an odd Transfer-Encoding')
  }
  if (lengths.size !== 1 || !isDecimal(length)) return undefined
  return withLength(head, ['content-length', length.replace(/^0+(?=.)/, '')], 'an odd Content-Length')
}

/** The members of all fields of this name, as one list (RFC 9110, 5.3). */
function membersOf(head: ResponseHead, lower: string): string[] {
  return head.fields
    .filter((field) => field.lower === lower)
    .flatMap(({ value }) =>
      value.split(',').map((member) => withoutBlanks(member, 0, member.length).toLowerCase()),
    )
}

function isDecimal(text: string): boolean {
  return /^[0-9]+$/.test(text)
}

/** The head with this field (lower-case name, value) instead of all that give a length. */
function withLength(
  head: ResponseHead,
  length: readonly [name: string, value: string] | undefined,
  repair: string,
): ResponseHead {
  const fields: FieldLine[] = []
  let missing = length
  for (const field of head.fields) {
    if (!framingFields.has(field.lower)) fields.push(field)
    else if (field.lower === missing?.[0]) {
      fields.push(fieldLine(field.name, missing[1]))
      missing = undefined
    }
  }
  return { ...head, fields, repairs: [...head.repairs, repair] }
}
