import { Agent } from 'undici'
import type { Hallpass, RequestOptions } from '../index.ts'

/**
 * A Dispatcher for the package undici, whose requests carry the session: cookies, tokens and their refresh, as through the proxy.
 * Each request is planned afresh, so also each redirect that undici follows.
 *
 * A request that hallpass refuses or cannot send fails with a HallpassError: `policy`, `session-missing`, `upstream-certificate`, …
 * `fetch` of undici has it as the `cause` of its TypeError.
 *
 * @param options the session, and limits
 * @param agent options of undici's Agent: `headersTimeout`, `connections`, …
 * @throws HallpassError `usage` for a malformed host
 * @see https://undici.nodejs.org/#/docs/api/Agent
 *
 * @example
 * ```ts
 * import { openHallpass } from 'hallpass'
 * import { sessionDispatcher } from 'hallpass/undici'
 * import { request } from 'undici'
 *
 * const dispatcher = sessionDispatcher(await openHallpass())
 * const { statusCode, body } = await request('https://app.example.com/me', { dispatcher })
 * console.log(statusCode, await body.text())
 * ```
 */
export function sessionDispatcher(
  hallpass: Hallpass,
  options: RequestOptions = {},
  agent: Omit<Agent.Options, 'connect'> = {},
): Agent {
  const connector = hallpass.connector(options)
  return new Agent({
    ...agent,
    connect: ({ protocol, hostname, port }, callback) => {
      const scheme = protocol === 'https:' ? 'https' : 'http'
      connector.connect(scheme, hostname, port === '' ? undefined : Number(port), 'errors').then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      )
    },
  })
}
