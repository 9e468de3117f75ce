import { type FieldLine, fieldLine } from '../http1/field-line.ts'
import { encodeResponseHead, responseHead } from '../http1/response-head.ts'
import type { Failure } from './failure.ts'

export const established = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n', 'latin1')

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  409: 'Conflict',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  423: 'Locked',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

export interface AnswerOptions {
  /** The request's method: HEAD has no body. */
  readonly method?: string
  /** The session of the request, if the client is admitted. */
  readonly session?: string
  readonly close: boolean
}

/** A text that the proxy itself answers with. */
export function textAnswer(
  status: number,
  body: string,
  options: AnswerOptions & { readonly fields?: readonly FieldLine[]; readonly type?: string },
): Buffer {
  const bytes = Buffer.from(body, 'utf8')
  const fields = [
    fieldLine('Content-Type', options.type ?? 'text/plain; charset=utf-8'),
    fieldLine('Content-Length', String(bytes.length)),
    // The answer is about the state of the proxy at this moment.
    fieldLine('Cache-Control', 'no-store'),
    ...(options.fields ?? []),
    ...(options.close ? [fieldLine('Connection', 'close')] : []),
  ]
  const head = encodeResponseHead(responseHead(status, reasons[status] ?? 'Error', fields))
  return options.method === 'HEAD' ? head : Buffer.concat([head, bytes])
}

/**
 * The proxy's own answer to a failed request: the code in `Hallpass-Error`, and two plain lines, what happened and what to
 * type. `spell` writes a command as it works on this machine, for a session.
 */
export function errorAnswer(
  { error, status }: Failure,
  spell: (hint: string, session?: string) => string,
  options: AnswerOptions,
): Buffer {
  const hint = spell(error.hint ?? 'hallpass help agents', options.session)
  const fields = [fieldLine('Hallpass-Error', error.code)]
  if (status === 407) fields.push(fieldLine('Proxy-Authenticate', 'Basic realm="hallpass", charset="UTF-8"'))
  return textAnswer(status, `hallpass: ${error.message}\n${hint}\n`, { ...options, fields })
}
