import type { CustomFetchOptions } from 'openid-client'
import { Scrubber } from '../log/scrubber.ts'
import { Secret } from '../secret.ts'

/** What a token request (RFC 6749 sections 4 and 6, RFC 7521, RFC 7636, RFC 8628) has of secrets in its form. */
const secretParameters = [
  'refresh_token',
  'client_secret',
  'code',
  'code_verifier',
  'device_code',
  'client_assertion',
  'assertion',
]

/**
 * The JSON of a refusal without the secrets that were in the request: there are servers that repeat what they refuse, and
 * what they say is shown on terminals, kept and logged.
 */
export function withoutEcho(json: string, { body, headers }: CustomFetchOptions): string {
  const scrubber = new Scrubber()
  const add = (value: string) => scrubber.add(new Secret(value))
  const form = new URLSearchParams(typeof body === 'string' || body instanceof URLSearchParams ? body : '')
  for (const name of secretParameters) for (const value of form.getAll(name)) add(value)
  const basic = /^Basic (\S+)$/i.exec(new Headers(headers).get('authorization') ?? '')?.[1]
  if (basic !== undefined) {
    add(basic)
    const pair = Buffer.from(basic, 'base64').toString('utf8')
    const password = pair.slice(pair.indexOf(':') + 1)
    add(password)
    // RFC 6749 section 2.3.1: it went form-encoded.
    add(new URLSearchParams(`value=${password}`).get('value') ?? '')
  }
  return scrubber.scrub(json)
}
