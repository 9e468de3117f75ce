import { HallpassError } from '../errors.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { defaultSession } from '../sessions/sessions.ts'
import { isName } from '../store/names.ts'
import type { Client, Engine } from './engine.ts'

/**
 * Finds the session of a client: its name is the user, and a client token the password, of the proxy URL. Without a token,
 * a web page or another user of the machine gains nothing from the port. Throws `proxy-auth`.
 */
export async function admit(head: RequestHead, options: Engine['options']): Promise<Client> {
  const fields = head.fields.filter((field) => field.lower === 'proxy-authorization')
  const [field] = fields
  if (field === undefined && options.noAuth !== undefined) {
    const session = await options.sessions.get(options.noAuth.session)
    await options.clients.checkUse(session.name, undefined)
    return { session, scope: {}, revoked: session.ended, report: options.clients.report, use: undefined }
  }
  if (field === undefined)
    throw new HallpassError('proxy-auth', 'the proxy needs a client token', { hint: envCommand() })
  const credentials = fields.length === 1 ? basicCredentials(field.value) : undefined
  const client = credentials && (await options.clients.authenticate(credentials.user, credentials.password))
  if (client !== undefined) return client
  throw new HallpassError(
    'proxy-auth',
    'no session has this client token: a token ends with the proxy that gave it out',
    { hint: envCommand(credentials?.user) },
  )
}

/** The command for the session that the client named. */
function envCommand(user: string = defaultSession): string {
  const named = user !== defaultSession && isName('session', user)
  return named ? `eval "$(hallpass env --session ${user})"` : 'eval "$(hallpass env)"'
}

/** RFC 7617. */
function basicCredentials(value: string): { readonly user: string; readonly password: string } | undefined {
  const match = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(value)
  if (match?.[1] === undefined) return undefined
  const text = Buffer.from(match[1], 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
