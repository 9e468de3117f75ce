import type { Cookie } from '../cookies/cookie.ts'
import type { Store } from '../store/store.ts'
import type { CredentialSummary } from './credential-summary.ts'
import type { OriginStorage } from './origin-storage.ts'
import type { Session } from './session.ts'
import type { SiteHealth } from './site-health.ts'

export interface SiteInventory {
  readonly site: string
  readonly cookies: readonly Cookie[]
  readonly health: SiteHealth
}

export interface Inventory {
  readonly sites: readonly SiteInventory[]
  readonly storages: readonly OriginStorage[]
  readonly credentials: readonly CredentialSummary[]
  /** Patterns of the hosts that the session has cookies or credentials for. */
  readonly hosts: readonly string[]
}

/** Everything that a session holds. @throws HallpassError naming the file of a record that cannot be opened */
export async function inventoryOf(session: Session, store: Store): Promise<Inventory> {
  const names = await store.names(session.name, 'cookies')
  const sites = await Promise.all(
    names.map(async (site) => ({
      site,
      cookies: (await session.cookies.list(site)).toSorted((a, b) => compare(a.name, b.name)),
      health: await session.health.read(site),
    })),
  )
  const storages = await session.storage.list()
  const credentials = await session.credentials.list()
  const hosts = new Set([
    ...sites.flatMap(({ cookies }) => cookies.flatMap(hostsOf)),
    ...credentials.flatMap(({ present, hosts }) => (present ? hosts : [])),
  ])
  return { sites, storages, credentials, hosts: [...hosts].sort() }
}

/** `*.example.com` does not match the domain itself. */
function hostsOf({ domain, hostOnly }: Cookie): string[] {
  return hostOnly ? [domain] : [domain, `*.${domain}`]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
