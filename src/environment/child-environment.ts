import { caFileVariables } from '../certs/bundle.ts'
import { wgetrcPath } from '../certs/wgetrc.ts'
import type { RunScope } from '../plan/run-scope.ts'
import { isLocalName } from '../rules/loopback.ts'
import type { Home } from '../store/home.ts'
import { scopeText, scopeVariable, scopeWords } from './child-scope.ts'

/** Changes to an environment. `remove` is applied first: in C, two entries of one variable are undefined behaviour. */
export interface EnvironmentChange {
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const
const noProxyVariables = ['NO_PROXY', 'no_proxy'] as const
/** Without these, Node's fetch and Perl's LWP ignore the proxy variables. */
const switches = ['NODE_USE_ENV_PROXY', 'PERL_LWP_ENV_PROXY'] as const
/** They add to a client's roots; all other trust variables replace them. */
const extending: readonly string[] = ['NODE_EXTRA_CA_CERTS', 'DENO_CERT']
/** These would lead around the proxy or replace its trust: in some clients SSL_CERT_DIR wins over SSL_CERT_FILE. */
const misleading = ['ALL_PROXY', 'all_proxy', 'SSL_CERT_DIR'] as const
const loopback = ['localhost', '127.0.0.1', '::1'] as const

/** Every variable that `run` and `env` set or remove. */
export const managedVariables: readonly string[] = [
  ...proxyVariables,
  ...noProxyVariables,
  ...switches,
  ...caFileVariables,
  'SYSTEM_WGETRC',
  'HALLPASS_SESSION',
  scopeVariable,
]

/** The variables that make a tool use the proxy and trust it. Pure. */
export function childEnvironment(options: {
  readonly inherited: NodeJS.ProcessEnv
  readonly proxyUrl: string
  /** The session knows a loopback host, so loopback must not be in NO_PROXY: curl and others bypass the proxy for its hosts. */
  readonly loopbackKnown: boolean
  readonly home: Pick<Home, 'caPem' | 'caBundle'>
  /** A hallpass inside uses it too. */
  readonly session: string
  /** Of a child of `run`. */
  readonly scope?: RunScope
  /** Variables with values of credentials, which a child of `run` must not have. */
  readonly withheld?: readonly string[]
}): EnvironmentChange {
  const { inherited, proxyUrl, home, session, scope, withheld = [] } = options
  const noProxy = noProxyValue(inherited, options.loopbackKnown)
  const set: Record<string, string> = {}
  for (const name of proxyVariables) set[name] = proxyUrl
  if (noProxy !== '') for (const name of noProxyVariables) set[name] = noProxy
  for (const name of switches) set[name] = '1'
  for (const name of caFileVariables) {
    const extends_ = extending.includes(name)
    const own = inherited[name]
    // The combined bundle contains an inherited extra root, and works as an extension too.
    set[name] = extends_ && (!own || own === home.caPem) ? home.caPem : home.caBundle
  }
  set.SYSTEM_WGETRC = wgetrcPath(home)
  set.HALLPASS_SESSION = session
  if (scope !== undefined && scopeWords(scope) !== '') set[scopeVariable] = scopeText(scope)
  const replaced = managedVariables.filter((name) => inherited[name] !== undefined)
  return { set, remove: [...misleading, ...withheld, ...replaced] }
}

/** Inherited trust variables that point at certificates of the user, which must be in the combined bundle. */
export function foreignTrust(
  inherited: NodeJS.ProcessEnv,
  home: Pick<Home, 'caPem' | 'caBundle'>,
): Readonly<Record<string, string>> {
  const foreign: Record<string, string> = {}
  const ours = new Set([home.caPem, home.caBundle, wgetrcPath(home)])
  for (const name of [...caFileVariables, 'SSL_CERT_DIR', 'SYSTEM_WGETRC']) {
    const value = inherited[name]
    if (value && !ours.has(value)) foreign[name] = value
  }
  return foreign
}

export function applyEnvironment(inherited: NodeJS.ProcessEnv, change: EnvironmentChange): NodeJS.ProcessEnv {
  const env = { ...inherited }
  for (const name of change.remove) delete env[name]
  return Object.assign(env, change.set)
}

/** Undoes `childEnvironment`, as far as the environment shows what was there before: the user's own NO_PROXY stays. Pure. */
export function withoutProxy(inherited: NodeJS.ProcessEnv): EnvironmentChange {
  const own = noProxyEntries(inherited).filter((entry) => !loopback.some((name) => name === entry))
  const set: Record<string, string> = {}
  if (own.length > 0) for (const name of noProxyVariables) set[name] = [...new Set(own)].join(',')
  return { set, remove: managedVariables }
}

/** The user's own entries; loopback entries are left out if the session knows a loopback host. */
function noProxyValue(inherited: NodeJS.ProcessEnv, loopbackKnown: boolean): string {
  const own = noProxyEntries(inherited)
  const kept = loopbackKnown ? own.filter((entry) => !isLocalName(bareEntry(entry))) : [...loopback, ...own]
  return [...new Set(kept)].join(',')
}

export function noProxyEntries(inherited: NodeJS.ProcessEnv): readonly string[] {
  return noProxyVariables.flatMap((name) => inherited[name]?.split(/[\s,]+/) ?? []).filter(Boolean)
}

/** A NO_PROXY entry without port, brackets and leading dot. */
export function bareEntry(entry: string): string {
  const name = entry.replace(/^\*?\./, '')
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(name)
  if (bracketed) return bracketed[1] ?? ''
  return name.split(':').length === 2 ? name.replace(/:\d+$/, '') : name
}
