import { type CredentialDefinition, credentialDefinitionSchema } from '../credentials/kinds.ts'
import { messageOf } from '../errors.ts'
import type { HostPattern } from '../rules/host-pattern.ts'
import { parseProxyUrl, type UpstreamSetting } from '../rules/proxy-url.ts'
import type { Reveal, Rule } from '../rules/rule.ts'
import { hostPatternSchema, parsedBy, revealSchema, ruleSchema, type Zod } from '../rules/rule-schema.ts'
import { type Listen, parseListen, parseResolve } from './address.ts'
import { parseSize } from './size.ts'

/** The configuration as the rest of hallpass reads it. */
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
  /** How many bytes of a request's body are held; 0 for none. */
  readonly replay: number
  readonly maxSessions: number
  readonly rules: readonly Rule[]
  readonly credentials: ReadonlyMap<string, CredentialDefinition>
}

export type Key = keyof Settings

/** What holds where nobody said anything. A test compares it with `config.example.yaml`. */
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
  rules: [],
  credentials: new Map(),
}

/**
 * The one schema: types, checks, documentation and the JSON schema come from it, the names in the environment from its
 * keys. Every key may be absent. zod comes in as an argument, so that an installation without a configuration file
 * starts without loading it.
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
          'Whose TLS is opened: known (hosts that the session, a rule or a credential knows), all, or known hosts and a list of others. The rest passes through as it is.',
        ),
      capture: z
        .union([hosts, hostPatternSchema(z).transform((pattern) => [pattern])])
        .describe(
          'Hosts whose new cookies are taken into the session; "*" for all. Known hosts are always captured.',
        ),
      reveal: revealSchema(z).describe(
        'Which captured cookies the client still sees: script (all but HttpOnly ones), none, or all.',
      ),
      upstream: parsedBy(z, upstreamSetting).describe(
        'How origins are reached: env (through the proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name, if they do), direct, or through a proxy: http://, https://, socks5:// or socks4://HOST:PORT.',
      ),
      upstreamCa: z
        .array(z.string().min(1))
        .describe(
          'PEM files with more roots that hallpass trusts (tools keep their own); relative paths start at the folder of this file.',
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
        .describe('Where hosts really are, as curl --resolve: host or host:port to address or address:port.'),
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
          'How much of a request body is held, so that the request can be sent again with a new token after a 401, or be signed: 64KiB, 1MiB, 0 for nothing.',
        ),
      maxSessions: z
        .int()
        .min(1)
        .max(100_000)
        .describe('Above this many sessions the least recently used temporary one goes.'),
      rules: z
        .array(ruleSchema(z))
        .describe('What holds for certain hosts. For one host the most specific rule decides.'),
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
          'Credentials by name, without their values: those go in with "hallpass token set NAME", from a prompt or stdin.',
        ),
    })
    .partial()
}

/** Each request under way may hold so much. */
const maxReplay = 67_108_864

/** A password has no place in a file that is no secret; a variable of the environment may hold one. */
function upstreamSetting(text: string): UpstreamSetting {
  if (text === 'env' || text === 'direct') return text
  const proxy = parseProxyUrl(text)
  if (proxy.user !== '' || proxy.password !== '')
    throw new Error('no user and no password here: say env, and name the proxy in HTTPS_PROXY and HTTP_PROXY')
  return proxy
}

const nameRule =
  'the name of a credential is up to 64 lower-case letters, digits, ".", "_" and "-", not starting with "." or "-"'

/** The names that the store takes, so that a definition here can be given a value. A test compares the two. */
export function isCredentialName(name: string): boolean {
  return /^[a-z0-9_][a-z0-9._-]{0,63}$/.test(name) && !name.includes('..') && !(name in {})
}
