import { z } from '@hono/zod-openapi'
import { fingerprint, time } from './shared-fields.ts'

const keySchema = z
  .strictObject({
    key: z.string(),
    length: z.int().describe('of the value, in UTF-16 units'),
    fingerprint,
    value: z.string().optional().describe('only with `reveal=true`'),
  })
  .openapi('StorageKey')

export const originSchema = z
  .strictObject({
    origin: z.string(),
    captured_at: time.nullable(),
    local_storage: z.array(keySchema),
    session_storage: z.array(keySchema),
    indexed_db: z.array(keySchema).describe('a database by its name, as JSON'),
  })
  .openapi('Origin')

export const storageSchema = z
  .strictObject({
    schema: z.literal('hallpass.storage/1'),
    session: z.string(),
    place: z.string().nullable(),
    storage: z.array(originSchema),
  })
  .openapi('Storage')

export const removedStorageSchema = z
  .strictObject({
    schema: z.literal('hallpass.storage-rm/1'),
    session: z.string(),
    place: z.string().nullable(),
    removed: z.int().describe('how many keys'),
  })
  .openapi('RemovedStorage')

// A list and not an object: a page may name a key `__proto__`.
const pairs = z
  .array(z.strictObject({ key: z.string(), value: z.string() }))
  .max(10_000)
  .optional()

export const givenStorageSchema = z
  .strictObject({ local_storage: pairs, session_storage: pairs, indexed_db: pairs })
  .openapi('GivenStorage')
