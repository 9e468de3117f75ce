import { z } from '@hono/zod-openapi'

const skipped = z.strictObject({ where: z.string(), reason: z.string(), what: z.string() })

export const importSchema = z
  .strictObject({
    schema: z.literal('hallpass.import/1'),
    session: z.string(),
    format: z.string(),
    mode: z.enum(['merge', 'replace']),
    dry_run: z.boolean(),
    read: z.int().describe('how many cookies the file has'),
    imported: z.int(),
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    removed: z.int(),
    removed_cookies: z
      .array(z.strictObject({ name: z.string(), domain: z.string(), path: z.string() }))
      .readonly(),
    held_back: z.boolean().describe('`replace` removed nothing, because a part of the file was unusable'),
    elsewhere: z.int().describe('cookies of sites that `site` does not name'),
    storage: z.strictObject({ origins: z.int(), keys: z.int(), elsewhere: z.int() }),
    credentials: z.array(z.string()).readonly(),
    credentials_replaced: z.array(z.string()).readonly(),
    sites: z.array(z.string()).readonly(),
    skipped: z.array(skipped),
    flawed: z.array(skipped.omit({ what: true })),
    failed: z
      .strictObject({ reason: z.string(), written: z.array(z.string()).readonly() })
      .nullable()
      .describe('a part could not be written'),
  })
  .openapi('Import')
