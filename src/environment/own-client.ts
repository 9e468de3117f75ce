import { isLoopbackHost } from '../rules/loopback.ts'
import { childTokenPrefix, clientToken } from '../sessions/child-token.ts'

/** The client that the proxy variables of this shell or command were made for. */
export interface OwnClient {
  readonly session: string
  /** By `run`, not by `env`. */
  readonly child: boolean
}

/** undefined without variables of hallpass. */
export function ownClient(env: NodeJS.ProcessEnv): OwnClient | undefined {
  const url = URL.parse(env.HTTPS_PROXY ?? env.https_proxy ?? '')
  if (url === null || !isLoopbackHost(url.hostname) || !clientToken.test(url.password)) return undefined
  return { session: decodeURIComponent(url.username), child: url.password.startsWith(childTokenPrefix) }
}
