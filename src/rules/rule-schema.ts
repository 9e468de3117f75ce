import type { z } from 'zod'
import { messageOf } from '../errors.ts'
import { parseHostPattern } from './host-pattern.ts'
import { parseRequestPattern } from './request-pattern.ts'

/** zod comes in as an argument: commands that read no configuration start without loading it. */
export type Zod = typeof z

/** Text that `parse` understands; the message of its error is that of the issue. */
export const parsedBy = <Value>(z: Zod, parse: (text: string) => Value) =>
  z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      context.issues.push({ code: 'custom', input: text, message: messageOf(error) })
      return z.NEVER
    }
  })

export const hostPatternSchema = (z: Zod) => parsedBy(z, parseHostPattern)

export const revealSchema = (z: Zod) => z.enum(['script', 'none', 'all'])

export const ruleSchema = (z: Zod) =>
  z.strictObject({
    hosts: z.array(hostPatternSchema(z)).min(1).describe('the hosts this rule is for'),
    credential: z.string().min(1).optional().describe('the credential for these hosts'),
    allow: z
      .array(parsedBy(z, parseRequestPattern))
      .optional()
      .describe('what may be asked of these hosts; absent: everything'),
    rerouting: z
      .boolean()
      .optional()
      .describe(
        'true: fields such as X-HTTP-Method-Override or X-Original-URL stay, although the rule has allow',
      ),
    reveal: revealSchema(z).optional().describe('which captured cookies the client sees, for these hosts'),
    override: z
      .boolean()
      .optional()
      .describe('false: what the client sent in the place of a credential stays'),
    allowHttp: z.boolean().optional().describe('true: credentials go over plain HTTP to these hosts too'),
    trustOrigins: z
      .array(hostPatternSchema(z))
      .optional()
      .describe(
        'hosts of other sites whose pages may use the session here, for requests without Sec-Fetch-Site; "*": all',
      ),
  })
