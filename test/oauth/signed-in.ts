import { openHallpass } from '../../src/index.ts'
import type { Home } from '../../src/store/home.ts'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** A state folder whose default session has tokens of each server, for the server's resource. */
export async function signedIn(...servers: readonly AuthorizationServer[]): Promise<Home> {
  const home = temporaryHome()
  const hallpass = await openAgain(home)
  for (const [n, server] of servers.entries())
    await hallpass.saveTokens(`api${n}`, definitionFor(server), JSON.stringify(await server.issue()))
  return home
}

export function definitionFor({ issuer, port, clients }: AuthorizationServer) {
  return { kind: 'oauth2', hosts: [`127.0.0.1:${port}`], issuer, clientId: clients.public.clientId }
}

/** Opens the folder anew, so that the result knows only the state on disk. */
export function openAgain(home: Home) {
  return openHallpass({ home: home.root, env: { HALLPASS_NO_KEYRING: '1' } })
}
