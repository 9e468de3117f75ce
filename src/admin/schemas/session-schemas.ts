import { z } from '@hono/zod-openapi'
import { isObject, type JsonObject } from '../../json.ts'
import { cookieSchema } from './cookie-schemas.ts'
import { credentialFieldsSchema } from './credential-schemas.ts'
import { healthFields } from './login-schemas.ts'
import { time } from './shared-fields.ts'
import { originSchema } from './storage-schemas.ts'

const viewport = z.strictObject({ width: z.int(), height: z.int() })

const fields = {
  name: z.string(),
  created_at: time,
  last_used_at: time.nullable(),
  expires_at: time.nullable(),
  ttl_seconds: z.int().nullable().describe('its life after its last use'),
  renew: z.boolean().describe('whether a use renews its life'),
  user_agent: z.string().nullable(),
  viewport: viewport.nullable(),
  locale: z.string().nullable(),
  time_zone: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).describe('the fields of its owner'),
}

export const createdSessionSchema = z
  .strictObject({
    schema: z.literal('hallpass.session-create/1'),
    ...fields,
    session_id: z.string().describe('the name, for the routes below `/sessions`'),
    user_data_dir: z.string().describe('the folder of the browser profile that `login` and `open` use'),
    proxy_url: z
      .string()
      .nullable()
      .describe('the value for HTTPS_PROXY. It contains the client token only with `reveal=true`'),
  })
  .openapi('CreatedSession')

export const extendedSessionSchema = z
  .strictObject({ schema: z.literal('hallpass.session-extend/1'), ...fields })
  .openapi('ExtendedSession')

export const touchedSessionSchema = z
  .strictObject({ schema: z.literal('hallpass.session-touch/1'), ...fields })
  .openapi('TouchedSession')

export const prunedSessionsSchema = z
  .strictObject({ schema: z.literal('hallpass.session-prune/1'), removed: z.array(z.strictObject(fields)) })
  .openapi('PrunedSessions')

export const sessionStatsSchema = z
  .strictObject({
    schema: z.literal('hallpass.session-stats/1'),
    total_sessions: z.int(),
    expired_sessions_cleaned: z.int().describe('by this proxy, since its start'),
    total_disk_usage_bytes: z.int().describe('the files of all sessions, with their browser profiles'),
    avg_session_age_seconds: z.int(),
    sessions_created_last_hour: z.int(),
  })
  .openapi('SessionStats')

export const givenExtensionSchema = z
  .strictObject({
    additional_seconds: z
      .int()
      .min(1)
      .max(10 * 366 * 86_400),
  })
  .openapi('GivenExtension')

export const sessionsSchema = z
  .strictObject({
    schema: z.literal('hallpass.sessions/1'),
    sessions: z.array(
      z.strictObject({
        ...fields,
        sites: z.int().describe('how many sites it has cookies of'),
        credentials: z.int().describe('how many credentials it has'),
      }),
    ),
    damaged: z
      .array(z.strictObject({ name: z.string(), problem: z.string() }))
      .describe('on each page: all sessions that cannot be read. They can only be removed'),
    next: z.string().nullable().describe('the value of `after` for the next page'),
  })
  .openapi('Sessions')

export const sessionSchema = z
  .strictObject({
    schema: z.literal('hallpass.session/1'),
    ...fields,
    hosts: z.array(z.string()).readonly().describe('the hosts that it has cookies or credentials for'),
    sites: z.array(
      z.strictObject({ ...healthFields, last_captured_at: time.nullable(), cookies: z.array(cookieSchema) }),
    ),
    storage: z.array(originSchema),
    credentials: z.array(credentialFieldsSchema),
  })
  .openapi('Session')

export const removedSessionSchema = z
  .strictObject({
    schema: z.literal('hallpass.session-rm/1'),
    name: z.string(),
    emptied: z.boolean().describe('`default` always exists, so it is emptied'),
    sites: z.int(),
    credentials: z.int(),
  })
  .openapi('RemovedSession')

export const givenSessionSchema = z
  .strictObject({
    name: z.string().max(64).optional().describe('without a name the session is temporary and gets one'),
    ttl_seconds: z
      .int()
      .min(1)
      .max(10 * 366 * 86_400)
      .optional()
      .describe(
        'how long it lives after its last use. By default a temporary session lives a day, and a named one until you remove it',
      ),
    renew: z.boolean().optional().describe('`false`: its life begins now, and no use makes it longer'),
    user_agent: z.string().optional().describe('the User-Agent of its windows'),
    viewport: viewport.optional().describe('the size of the pages of its windows, in CSS pixels'),
    locale: z.string().optional().describe('the language of its windows: `de-CH`'),
    time_zone: z.string().optional().describe('the time zone of its windows: `Europe/Zurich`'),
    // A record of zod would drop a key `__proto__` without a word.
    metadata: z
      .custom<JsonObject>(isObject, 'not an object')
      .optional()
      .openapi({ type: 'object', additionalProperties: true })
      .describe('anything to remember: at most 16 KiB of JSON. It is not sealed'),
  })
  .openapi('GivenSession')
