import { textAnswer } from './answers.ts'
import type { Client, Engine } from './engine.ts'

/** Only the proxy answers for this host, so a client that reads its page is connected. `.internal` is private (ICANN, 2024). */
export const internalHost = 'hallpass.internal'

export function answerInternal(
  method: string,
  target: string,
  client: Client,
  engine: Engine,
  close: boolean,
): { readonly status: number; readonly bytes: Buffer } {
  const made = (status: number, body: string, type?: string) => ({
    status,
    bytes: textAnswer(status, body, { method, close, ...(type === undefined ? {} : { type }) }),
  })
  if (method !== 'GET' && method !== 'HEAD')
    return made(405, 'hallpass: this page answers only GET and HEAD\n')
  const [path] = target.split('?')
  if (path === '/') {
    return made(
      200,
      `hallpass: you are connected\nsession ${client.session.name}\nca      http://${internalHost}/ca.pem\n`,
    )
  }
  if (path === '/ca.pem') {
    return made(200, engine.options.authority.certificatePem, 'application/x-pem-file')
  }
  return made(404, 'hallpass: there is only / and /ca.pem here\n')
}
