import { type CredentialDefinition, credentialDefinitionSchema } from '../credentials/kinds.ts'
import { messageOf } from '../errors.ts'
import type { Probe } from '../plan/probe.ts'
import type { HostPattern } from '../rules/host-pattern.ts'
import { parseProxyUrl, type UpstreamSetting } from '../rules/proxy-url.ts'
import type { Reveal, Rule } from '../rules/rule.ts'
import { hostPatternSchema, parsedBy, revealSchema, ruleSchema, type Zod } from '../rules/rule-schema.ts'
import { type Listen, parseListen, parseResolve } from './address.ts'
import { parseDuration } from './duration.ts'
import { healthSchema } from './probe-schema.ts'
import { parseSize } from './size.ts'

/** The configuration, parsed. */
export interface Settings {
  readonly listen: Listen
  /** Whether `listen` may name an address that other machines can reach. */
  readonly listenBeyondLoopback: boolean
  readonly intercept: 'known' | 'all' | readonly HostPattern[]
  readonly capture: readonly HostPattern[]
  readonly reveal: Reveal
  readonly upstream: UpstreamSetting
  /** Absolute paths. */
  readonly upstreamCa: readonly string[]
  /** `host` or `host:port` to `address` or `address:port`, IPv6 in brackets. */
  readonly resolve: ReadonlyMap<string, string>
  /** How many bytes of a request's body hallpass keeps to send it again; 0 for none. */
  readonly replay: number
  readonly maxSessions: number
  /** The life of a temporary session, in seconds. */
  readonly sessionTtl: number
  /** Whether a use renews the life of a session. */
  readonly sessionRenewal: boolean
  /** The time between two sweeps of a proxy, in seconds. */
  readonly sessionSweep: number
  readonly rules: readonly Rule[]
  readonly credentials: ReadonlyMap<string, CredentialDefinition>
  /** How long before its end hallpass tells of a login; 0 for never. */
  readonly warnDays: number
  /** By host. */
  readonly health: ReadonlyMap<string, Probe>
}

export type Key = keyof Settings

/** The defaults. A test compares them with `config.example.yaml`. */
export const defaults: Settings = {
  listen: { host: '127.0.0.1', port: 8787 },
  listenBeyondLoopback: false,
  intercept: 'known',
  capture: [],
  reveal: 'script',
  upstream: 'env',
  upstreamCa: [],
  resolve: new Map(),
  replay: 65_536,
  maxSessions: 1000,
  // A day's work.
  sessionTtl: 86_400,
  sessionRenewal: true,
  sessionSweep: 300,
  warnDays: 7,
  rules: [],
  credentials: new Map(),
  health: new Map(),
}

/** A running proxy keeps these until it is started again. It takes up a change of the others with the next request. */
export const readAtStart: readonly Key[] = [
  'listen',
  'listenBeyondLoopback',
  'upstream',
  'upstreamCa',
  'resolve',
  'replay',
]

/**
 * The one schema. Checks, documentation and the JSON schema come from it, and the names in the environment from its keys. Every key is
 * optional. zod is an argument, so that an installation without a configuration file starts without loading it.
 */
export const settingsSchema = (z: Zod) => {
  const hosts = z.array(hostPatternSchema(z))
  return z
    .strictObject({
      listen: parsedBy(z, parseListen).describe(
        'The address the proxy listens on: an IP address or localhost, and a port (0 takes a free one).',
      ),
      listenBeyondLoopback: z
        .boolean()
        .describe(
          'true: listen may name an address that other machines can reach. Anyone with a client token can then use the session from there, and the token crosses the network in clear.',
        ),
      intercept: z
        .union([z.enum(['known', 'all']), hosts])
        .describe(
          'The hosts whose TLS hallpass opens: known (hosts that the session, a rule or a credential knows), all, or a list of hosts besides the known ones. All other traffic passes through unchanged.',
        ),
      capture: z
        .union([hosts, hostPatternSchema(z).transform((pattern) => [pattern])])
        .describe(
          'Hosts whose new cookies go into the session; "*" for all. hallpass always captures from known hosts.',
        ),
      reveal: revealSchema(z).describe(
        'The captured cookies that the client still sees: script (all but HttpOnly ones), none, or all.',
      ),
      upstream: parsedBy(z, upstreamSetting).describe(
        'The way to origins: env (through the proxy in HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, if any), direct, or a proxy: http://, https://, socks5:// or socks4://HOST:PORT.',
      ),
      upstreamCa: z
        .array(z.string().min(1))
        .describe(
          'PEM files with more roots that hallpass trusts. Tools keep their own roots. Relative paths start at the folder of this file.',
        ),
      resolve: z
        .record(z.string(), z.string())
        .transform((entries, context) => {
          const map = new Map<string, string>()
          for (const [from, to] of Object.entries(entries)) {
            try {
              map.set(...parseResolve(from, to))
            } catch (error) {
              context.issues.push({ code: 'custom', input: to, path: [from], message: messageOf(error) })
            }
          }
          return map
        })
        .describe(
          'The real places of hosts, as curl --resolve: host or host:port to address or address:port.',
        ),
      replay: z
        .union([z.number(), z.string()])
        .transform((size, context) => {
          try {
            return parseSize(String(size), maxReplay)
          } catch (error) {
            context.issues.push({ code: 'custom', input: size, message: messageOf(error) })
            return z.NEVER
          }
        })
        .describe(
          'How much of a request body hallpass keeps, to sign the request or to send it again with a new token after a 401: 64KiB, 1MiB, 0 for nothing.',
        ),
      maxSessions: z
        .int()
        .min(1)
        .max(100_000)
        .describe(
          'The largest number of sessions. When a new one would exceed it, the least recently used temporary sessions are removed.',
        ),
      sessionTtl: durationSchema(z, maxTtl).describe(
        'How long a temporary session lives after its last use: 90s, 30m, 2h, 7d.',
      ),
      sessionRenewal: z
        .boolean()
        .describe(
          'false: the life of a new session begins when it is made, and no use makes it longer. "hallpass session create --no-renew" says so for one session.',
        ),
      sessionSweep: durationSchema(z, maxSweep).describe(
        'How often a running proxy removes expired sessions. An expired session is refused at once.',
      ),
      warnDays: z
        .int()
        .min(0)
        .max(365)
        .describe(
          'How many days before a login ends hallpass tells of it, by the expiry of its cookies; 0 for never.',
        ),
      rules: z.array(ruleSchema(z)).describe('Rules for hosts. The most specific rule for a host decides.'),
      credentials: z
        .record(z.string(), credentialDefinitionSchema(z))
        .transform((definitions, context) => {
          for (const name of Object.keys(definitions)) {
            if (!isCredentialName(name)) {
              context.issues.push({ code: 'custom', input: name, path: [name], message: nameRule })
            }
          }
          return new Map(Object.entries<CredentialDefinition>(definitions))
        })
        .describe(
          'Credentials by name, without their values. Set a value with "hallpass token set NAME", from a prompt or stdin.',
        ),
      health: healthSchema(z).describe(
        'How to find out whether the login at a host is alive. "hallpass session check" asks, and so does a running proxy.',
      ),
    })
    .partial()
}

/** Each request under way can take so much memory. */
const maxReplay = 67_108_864

/** Ten years, as for every session. */
const maxTtl = 10 * 366 * 86_400

/** Expired sessions must not stay on the disk for long. */
const maxSweep = 86_400

function durationSchema(z: Zod, max: number) {
  return z.union([z.number(), z.string()]).transform((time, context) => {
    try {
      return parseDuration(String(time), max)
    } catch (error) {
      context.issues.push({ code: 'custom', input: time, message: messageOf(error) })
      return z.NEVER
    }
  })
}

/** The file is not secret, so it must not contain a password. A variable of the environment may. */
function upstreamSetting(text: string): UpstreamSetting {
  if (text === 'env' || text === 'direct') return text
  const proxy = parseProxyUrl(text)
  if (proxy.user !== '' || proxy.password !== '')
    throw new Error(
      'must not contain a user or a password. Set it to env, and name the proxy in HTTPS_PROXY and HTTP_PROXY',
    )
  return proxy
}

const nameRule =
  'the name of a credential has up to 64 lower-case letters, digits, ".", "_" and "-", and does not start with "." or "-"'

/** The store takes the same names. A test compares the two. */
export function isCredentialName(name: string): boolean {
  return /^[a-z0-9_][a-z0-9._-]{0,63}$/.test(name) && !name.includes('..') && !(name in {})
}
