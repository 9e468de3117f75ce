import { z } from '@hono/zod-openapi'
import { fingerprint, time } from './shared-fields.ts'

const withheld = z.strictObject({ name: z.string(), reason: z.string() })

export const explanationSchema = z
  .strictObject({
    schema: z.literal('hallpass.explain/1'),
    session: z.string(),
    url: z.string().describe('without the values of its query'),
    method: z.string(),
    from: z.string().nullable(),
    site: z.enum(['same-site', 'cross-site-navigation', 'cross-site']),
    known: z.boolean().describe('false: the proxy passes its bytes through'),
    known_why: z.string(),
    policy: z.strictObject({ allowed: z.boolean(), reason: z.string().nullable() }),
    rule: z.strictObject({ index: z.int(), pattern: z.string(), why: z.string() }).nullable(),
    removes_rerouting: z.boolean(),
    reveal: z.enum(['script', 'none', 'all']),
    cookies: z.strictObject({
      attached: z.array(
        z.strictObject({
          name: z.string(),
          present: z.boolean(),
          expires: time.nullable(),
          fingerprint,
        }),
      ),
      withheld: z.array(withheld),
    }),
    credentials: z.strictObject({
      attached: z.array(
        z.strictObject({
          name: z.string(),
          kind: z.string(),
          place: z.string(),
          override: z.boolean(),
          condition: z.string().nullable(),
          read_from: z.string().nullable(),
          expires: time.nullable(),
          refresh_at: time.nullable(),
          needs_login: z.string().nullable(),
          signs_body: z.string().nullable(),
          placeholder: z.string().nullable(),
        }),
      ),
      withheld: z.array(withheld.extend({ kind: z.string() })),
    }),
    faults: z.array(withheld),
    refused_placeholders: z.array(withheld.extend({ placeholder: z.string() })),
    configuration: z.string().nullable().describe('the configuration file in force'),
    scope: z
      .strictObject({
        capture: z.array(z.string()).readonly().optional(),
        only: z.array(z.string()).readonly().optional(),
        strict: z.boolean().optional(),
      })
      .nullable(),
    running_proxy: z.strictObject({ other_settings: z.array(z.string()).readonly() }).nullable(),
  })
  .openapi('Explanation')
