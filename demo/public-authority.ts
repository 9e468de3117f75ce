import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import { Authority } from '../src/certs/authority.ts'
import { Leaves } from '../src/certs/leaves.ts'
import { homePaths, prepareHome } from '../src/store/home.ts'
import { KeyRing } from '../src/store/keyring.ts'

export interface PublicAuthority {
  /** The root for a client, or for `upstreamCa:`. */
  readonly pem: string
  /** Options of a TLS server with a valid certificate for each name that a client asks for. */
  readonly tls: {
    readonly SNICallback: (host: string, done: (error: Error | null, context?: SecureContext) => void) => void
  }
  close(): void
}

/** Stands in for the authorities of the Internet. hallpass knows it only as an upstream root. */
export async function openPublicAuthority(): Promise<PublicAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-site-'))
  const home = homePaths(join(folder, 'state'))
  prepareHome(home)
  const keys = await KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true })
  const authority = await Authority.open(home, keys, { create: true })
  const leaves = new Leaves(authority)
  return {
    pem: authority.certificatePem,
    tls: {
      SNICallback: (host, done) => {
        leaves.contextFor(host).then(
          (context) => done(null, context),
          (error: unknown) => done(error as Error),
        )
      },
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
