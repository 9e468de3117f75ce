import type { CustomFetchOptions } from 'openid-client'
import { Scrubber } from '../log/scrubber.ts'
import { Secret } from '../secret.ts'

/** The secrets in the form of a token request: RFC 6749 sections 4 and 6, RFC 7521, RFC 7636, RFC 8628. */
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
 * The JSON of a refusal, without the secrets of the request. Some servers repeat them, and their words go to terminals, records
 * and logs.
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
    // RFC 6749 section 2.3.1: the secret went form-encoded.
    add(new URLSearchParams(`value=${password}`).get('value') ?? '')
  }
  return scrubber.scrub(json)
}
