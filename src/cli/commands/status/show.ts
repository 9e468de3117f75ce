import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { AdminClient } from '../../../admin/client.ts'
import { notTakenUp, restart } from '../../../admin/other-settings.ts'
import type { Status } from '../../../admin/wire.ts'
import { siteLoginFields } from '../../../documents/login-documents.ts'
import { scopeWords } from '../../../environment/child-scope.ts'
import { HallpassError } from '../../../errors.ts'
import type { NeededLogin } from '../../../sessions/needed-logins.ts'
import { loginCommand } from '../../../sessions/needs-login.ts'
import type { SiteLogin } from '../../../sessions/site-logins.ts'
import { agentFolders, type Home, homeOf } from '../../../store/home.ts'
import { keyStatus } from '../../../store/key-status.ts'
import type { Context, Run } from '../../command.ts'
import { settingsBeside } from '../../settings.ts'
import { siteLoginCommand, siteLoginText } from '../../site-login.ts'
import { painted } from '../../terminal-text.ts'
import type { Part } from './part.ts'
import { troubleParts } from './trouble-parts.ts'

export const run: Run = async (context) => {
  const { env, output } = context
  const home = homeOf(env)
  const admin = new AdminClient(home)
  const running = await admin.running()
  const needed = await readLogins(context, home, running && admin)
  const found: readonly Part[] = [
    proxyPart(running),
    ...(running ? clientParts(running) : []),
    ...(running ? upstreamParts(running) : []),
    homePart(home, env),
    configPart(context, running),
    keyPart(home, env),
    authorityPart(home),
    ...('problem' in needed
      ? [{ name: 'login', ...needed.problem }]
      : [...needed.logins.map((login) => loginPart(login)), ...needed.sites.map(sitePart)]),
    ...(running ? troubleParts(running.report) : []),
  ]
  const parts = found.map(({ name, fact, remedy = null, session }) => ({
    name,
    fact: output.spell(fact, session),
    remedy: remedy && output.spell(remedy, session),
  }))
  if (output.json) {
    output.document('status/1', {
      ...document(running, home),
      needs_login: 'problem' in needed ? null : needed.logins,
      site_logins: 'problem' in needed ? null : needed.sites.map(siteLoginFields),
      parts,
    })
  } else {
    output.table(
      parts.map(({ name, fact, remedy }) => [
        name,
        remedy === null ? fact : [`${fact}  `, painted('yellow', `(${remedy})`)],
      ]),
    )
  }
  return running === undefined ? 1 : 0
}

function proxyPart(running: Status | undefined): Part {
  if (running === undefined)
    return { name: 'proxy', fact: 'not running', remedy: 'hallpass start --background' }
  const { host, port, pid, background, startedAt, requests, tunnels } = running
  const where = background ? 'in the background' : 'in the foreground'
  const open = running.noAuth === null ? '' : `, without authentication for session "${running.noAuth}"`
  return {
    name: 'proxy',
    fact: `${host}:${port}, pid ${pid}, ${where} since ${startedAt}${open}, ${requests} requests, ${tunnels} tunnels`,
  }
}

function upstreamParts({ upstream, upstreamFrom }: Status): Part[] {
  if (upstream.length === 0) return []
  return [{ name: 'upstream', fact: `${upstream.join(', ')} (from the ${upstreamFrom})` }]
}

function clientParts({ clients }: Status): Part[] {
  return clients.map(({ program, pid, session, ...scope }) => {
    const words = [`${program} through hallpass run (pid ${pid}), session "${session}"`, scopeWords(scope)]
    return { name: 'child', fact: words.filter((word) => word !== '').join(', ') }
  })
}

function homePart(home: Home, env: Context['env']): Part {
  const source = env.HALLPASS_HOME
    ? 'HALLPASS_HOME or --home'
    : (agentFolders.find((name) => env[name]) ?? 'the default')
  if (existsSync(home.root)) return { name: 'state', fact: `${home.root} (${source})` }
  return { name: 'state', fact: `${home.root} (${source}) does not exist yet`, remedy: 'hallpass start' }
}

function configPart(context: Context, running: Status | undefined): Part {
  try {
    const { file, contradictions } = settingsBeside(context, running)
    const fact = (running === undefined ? file : running.configFile) ?? 'none, all defaults'
    const old = running && notTakenUp(running.settings)
    if (old !== undefined) return { name: 'config', fact: `${fact}; ${old.fact}`, remedy: old.remedy }
    if (contradictions.length === 0) return { name: 'config', fact }
    return {
      name: 'config',
      fact: `${fact}; the proxy has other settings: ${contradictions.join(', ')}`,
      remedy: restart,
    }
  } catch (error) {
    return { name: 'config', ...problemOf(error) }
  }
}

function keyPart(home: Home, env: Context['env']): Part {
  try {
    const key = keyStatus(home, env)
    if (key === undefined) return { name: 'key', fact: 'does not exist yet', remedy: 'hallpass start' }
    return {
      name: 'key',
      fact: `${key.file}${key.variable ? ` (${key.variable})` : ''}, protected by: ${key.protector}`,
    }
  } catch (error) {
    return { name: 'key', ...problemOf(error) }
  }
}

function authorityPart(home: Home): Part {
  if (!existsSync(home.caPem)) return { name: 'ca', fact: 'does not exist yet', remedy: 'hallpass start' }
  try {
    const { validToDate } = new X509Certificate(readFileSync(home.caPem))
    const until = validToDate.toISOString().slice(0, 10)
    if (validToDate.getTime() > Date.now()) return { name: 'ca', fact: `${home.caPem}, until ${until}` }
    return { name: 'ca', fact: `${home.caPem} expired on ${until}`, remedy: 'hallpass ca rotate' }
  } catch (error) {
    return { name: 'ca', fact: `${home.caPem}: ${(error as Error).message}`, remedy: 'hallpass ca rotate' }
  }
}

function loginPart(login: NeededLogin): Part {
  const { session, name, reason } = login
  return {
    name: 'login',
    fact: `${name} of the session "${session}" needs one: ${reason}`,
    remedy: loginCommand(login),
    session,
  }
}

function sitePart(login: SiteLogin): Part {
  const { session } = login
  return {
    name: 'login',
    fact: siteLoginText(login, `the session "${session}"`),
    remedy: siteLoginCommand(login),
    session,
  }
}

type Logins =
  | { readonly logins: readonly NeededLogin[]; readonly sites: readonly SiteLogin[] }
  | { readonly problem: { readonly fact: string; readonly remedy: string } }

/** Asks the running proxy. Without a proxy, reads the store, if that needs no new key and no passphrase. */
async function readLogins(context: Context, home: Home, admin: AdminClient | undefined): Promise<Logins> {
  try {
    if (admin !== undefined) return { logins: await admin.neededLogins(), sites: await admin.siteLogins() }
    if (!canBeOpened(home, context.env)) return { logins: [], sites: [] }
    const { neededLogins } = await import('../../../sessions/needed-logins.ts')
    const { siteLogins } = await import('../../../sessions/site-logins.ts')
    const { sessions, warning } = await context.open()
    return { logins: await neededLogins(sessions, Date.now()), sites: await siteLogins(sessions, warning) }
  } catch (error) {
    return { problem: problemOf(error) }
  }
}

/** Whether the store can be read without making anything and without a passphrase. `keyPart` reports a broken key. */
function canBeOpened(home: Home, env: Context['env']): boolean {
  try {
    const key = keyStatus(home, env)
    return key !== undefined && key.protector !== 'passphrase' && existsSync(home.caPem)
  } catch {
    return false
  }
}

function problemOf(error: unknown): { readonly fact: string; readonly remedy: string } {
  if (!(error instanceof HallpassError)) throw error
  return { fact: error.message, remedy: error.hint ?? 'hallpass doctor' }
}

function document(status: Status | undefined, home: Home) {
  return {
    running: status !== undefined,
    pid: status?.pid ?? null,
    version: status?.version ?? null,
    host: status?.host ?? null,
    port: status?.port ?? null,
    started_at: status?.startedAt ?? null,
    background: status?.background ?? null,
    no_auth: status?.noAuth ?? null,
    home: home.root,
    admin_socket: home.adminSocket,
    config_file: status?.configFile ?? null,
    config_problem: status?.settings.problem ?? null,
    restart_for: status?.settings.restartFor ?? [],
    upstream: status?.upstream ?? [],
    connections: status?.connections ?? 0,
    open_connections: status?.open ?? 0,
    requests: status?.requests ?? 0,
    tunnels: status?.tunnels ?? 0,
    clients: status?.clients ?? [],
    not_attached: status?.report.notAttached ?? [],
    answered: status?.report.answers ?? [],
  }
}
