import { commandWords } from '../credentials/value-command.ts'
import { parseSeconds } from '../parse-seconds.ts'
import type { Probe } from '../plan/probe.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import type { Zod } from '../rules/rule-schema.ts'

/** A site should not see more of the probes than of its users. */
const leastEverySeconds = 60

/** `health:` by host. */
export const healthSchema = (z: Zod) =>
  z.record(z.string(), probeSchema(z)).transform((probes, context) => {
    const map = new Map<string, Probe>()
    for (const [name, probe] of Object.entries<Probe>(probes)) {
      const problem = problemOf(name, probe)
      if (problem === undefined) map.set(parseHostPattern(name).text, probe)
      else context.issues.push({ code: 'custom', input: name, path: [name], message: problem })
    }
    return map
  })

const probeSchema = (z: Zod) =>
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('the page to ask; by default the root of the host'),
    expect: z
      .strictObject({
        status: z
          .int()
          .min(100)
          .max(599)
          .optional()
          .describe('the status of the answer; by default any success'),
        notRedirectTo: z
          .string()
          .min(1)
          .optional()
          .describe('a path or a URL that the answer must not lead to'),
        header: z
          .string()
          .min(1)
          .optional()
          .describe('a header that the answer must have: its name, or "name: value"'),
        bodyContains: z
          .string()
          .min(1)
          .optional()
          .describe('a text that must be in the first MiB of the answer'),
        jsonPath: z
          .string()
          .min(1)
          .optional()
          .describe('a place in the JSON that must have a value: user.id'),
      })
      .optional()
      .describe('the answer to a living login'),
    every: z
      .string()
      .refine(
        (text) => (parseSeconds(text) ?? 0) >= leastEverySeconds,
        'must be a time of at least 1m: 30m, 8h',
      )
      .optional()
      .describe('how often a running proxy asks; without it only after a sign of a dead login'),
    command: z
      .string()
      .transform((line, context) => {
        const words = commandWords(line)
        if (typeof words === 'object') return line
        context.issues.push({ code: 'custom', input: line, message: words })
        return z.NEVER
      })
      .optional()
      .describe('a command whose exit status decides, run without a shell: 0 says that the login is alive'),
  })

function problemOf(name: string, { url, command, expect }: Probe): string | undefined {
  try {
    const { kind, host } = parseHostPattern(name)
    if (kind !== 'exact') return 'must be one host, without "*"'
    if (command !== undefined && (url !== undefined || expect !== undefined))
      return 'must have a command, or a url and what to expect, not both'
    const asked = url === undefined ? host : new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
    // Attack: a mistake in one line would send the cookies of one site because of another.
    if (asked !== host && !asked.endsWith(`.${host}`)) return `its url must be at ${host}, or below it`
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
