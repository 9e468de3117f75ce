import { z } from '@hono/zod-openapi'
import { kindNames } from '../../credentials/kinds.ts'
import { fingerprint, time } from './shared-fields.ts'

const fields = {
  name: z.string(),
  kind: z.string(),
  hosts: z.array(z.string()).readonly().describe('the hosts it goes to; empty: where a rule names it'),
  place: z.string().nullable().describe('where it goes in a request: `authorization`, `?key`'),
  origin: z.enum(['session', 'configuration', 'both']),
  read_from: z.string().nullable().describe('the page, command, file or variable that has the value'),
  present: z.boolean().describe('whether it has everything that it needs'),
  expires: time.nullable(),
  refreshable: z.boolean(),
  refresh_at: time.nullable(),
  refreshes: z.int(),
  last: z
    .strictObject({
      at: time.nullable(),
      result: z.enum(['refreshed', 'failed', 'needs-login']),
      reason: z.string().nullable(),
      retry_at: time.nullable(),
    })
    .nullable()
    .describe('the last refresh'),
  pending: z
    .strictObject({
      user_code: z.string(),
      verification_uri: z.string(),
      verification_uri_complete: z.string().nullable(),
      expires_at: time.nullable(),
    })
    .nullable()
    .describe('the device login that waits for a person'),
  needs_login: z.string().nullable().describe('why only a login mends it'),
  fingerprint: fingerprint.nullable(),
  updated_at: time.nullable(),
  problem: z.string().nullable().describe('why it cannot be used'),
  value: z.string().optional().describe('only with `reveal=true`'),
}

export const credentialFieldsSchema = z.strictObject(fields).openapi('CredentialFields')

export const credentialSchema = z
  .strictObject({ schema: z.literal('hallpass.token/1'), ...fields })
  .openapi('Credential')

export const refreshedCredentialSchema = z
  .strictObject({
    schema: z.literal('hallpass.token-refresh/1'),
    result: z.string().describe('`refreshed`, or `adopted`: another process refreshed it just now'),
    ...fields,
  })
  .openapi('RefreshedCredential')

export const removedCredentialSchema = z
  .strictObject({
    schema: z.literal('hallpass.token-rm/1'),
    session: z.string(),
    name: z.string(),
    removed: z.boolean(),
  })
  .openapi('RemovedCredential')

export const givenCredentialSchema = z
  .object({
    kind: z
      .enum(kindNames as [string, ...string[]])
      .optional()
      .describe('needed for a new credential'),
    hosts: z
      .array(z.string().max(300))
      .min(1)
      .max(1000)
      .optional()
      .describe('`example.com`, `*.example.com`'),
    value: z
      .string()
      .max(128 * 1024)
      .optional()
      .describe('as `hallpass token set` reads it: kinds with several secrets take JSON in a string'),
  })
  .catchall(z.union([z.string().max(8192), z.boolean(), z.number(), z.array(z.string().max(8192)).max(1000)]))
  .describe('Other fields are the options of the kind, in snake_case: `header`, `client_id`, `scopes`.')
  .openapi('GivenCredential')
