import { noProxy } from '../proxy/no-proxy.ts'
import { type HostPattern, parseHostPattern } from '../rules/host-pattern.ts'
import { isLocalName } from '../rules/loopback.ts'
import { bareEntry, noProxyEntries } from './child-environment.ts'
import { gitSettings } from './git-settings.ts'
import { type ToolSetting, toolOf, toolSettings } from './tool-settings.ts'

/** A way on which requests miss hallpass, in spite of its variables. */
export interface Detour {
  readonly fact: string
  /** What to do about it. */
  readonly remedy: string
}

/**
 * The settings of the user that lead requests around hallpass, or make a tool refuse its certificates.
 * @param hosts the hosts that the session knows, as patterns
 * @param program the program that is about to run: of a known tool only its own settings count
 */
export async function findDetours(
  env: NodeJS.ProcessEnv,
  hosts: readonly string[],
  program?: string,
): Promise<readonly Detour[]> {
  if (hosts.length === 0) return []
  const patterns = hosts.map(parseHostPattern)
  const tool = program === undefined ? undefined : toolOf(program)
  const ofGit = tool === undefined || tool === 'git' ? await gitSettings(env) : []
  const settings = [...toolSettings(env, tool), ...ofGit].filter((setting) => concerns(setting, patterns))
  return [...noProxyDetours(env, patterns), ...settings.map(detourOf)]
}

function detourOf({ tool, kind, key, where }: ToolSetting): Detour {
  const remedy = `remove ${key} from ${where}`
  return kind === 'proxy'
    ? { fact: `${tool} goes around hallpass: ${key} in ${where} beats the proxy variables`, remedy }
    : {
        fact: `${tool} refuses the certificates of hallpass: ${key} in ${where} beats its variables`,
        remedy,
      }
}

/** `http.https://git.example.com/.proxy` of git is for that host alone. */
function concerns({ key }: ToolSetting, patterns: readonly HostPattern[]): boolean {
  const host = URL.parse(/^http\.(.+)\.[a-z]+$/i.exec(key)?.[1] ?? '')?.hostname
  return host === undefined || patterns.some((pattern) => covers(host, pattern))
}

/** hallpass keeps the user's NO_PROXY: its hosts may be out of reach of any proxy. */
function noProxyDetours(env: NodeJS.ProcessEnv, patterns: readonly HostPattern[]): Detour[] {
  return [...new Set(noProxyEntries(env))].flatMap((entry) => {
    if (isLocalName(bareEntry(entry))) return []
    const covered = patterns.filter((pattern) => covers(entry, pattern)).map(({ text }) => text)
    if (covered.length === 0) return []
    return [
      {
        fact: `requests to ${covered.join(', ')} go around hallpass: NO_PROXY has ${entry}, which covers ${covered.length === 1 ? 'this host' : 'these hosts'}`,
        remedy: `remove ${entry} from NO_PROXY`,
      },
    ]
  })
}

/** Whether an entry of NO_PROXY matches a host of the pattern. */
function covers(entry: string, { kind, host, port }: HostPattern): boolean {
  if (kind === 'any') return true
  const matches = noProxy(entry)
  if (kind === 'exact') return matches(host, port ?? 443) || matches(host, 80)
  return matches(`any.${host}`, port ?? 443) || bareEntry(entry).endsWith(`.${host}`)
}
