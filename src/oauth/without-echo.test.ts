import { describe, expect, it } from 'vitest'
import { withoutEcho } from './without-echo.ts'

const secret = 'a secret+of/the=client'
const form = (name: string) => ({ body: new URLSearchParams({ [name]: secret, client_id: 'the-client-id' }) })
const basic = `Basic ${Buffer.from(`id:${new URLSearchParams({ x: secret }).toString().slice(2)}`).toString('base64')}`

describe('a refusal that repeats the request', () => {
  it.each([
    ['a refresh token', form('refresh_token')],
    ['a code', form('code')],
    ['a device code', form('device_code')],
    ['a verifier', form('code_verifier')],
    ['a client secret', form('client_secret')],
    ['an assertion', form('client_assertion')],
    ['a client secret in Basic', { headers: { authorization: basic } }],
  ])('loses %s in every spelling, and keeps the rest', (_, request) => {
    const init = { method: 'POST', headers: {}, redirect: 'manual' as const, ...request } as never
    for (const spelled of [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ]) {
      const json = JSON.stringify({
        error: 'invalid_grant',
        error_description: `"${spelled}" of the-client-id was used`,
      })
      const said = JSON.parse(withoutEcho(json, init))
      expect(said.error).toBe('invalid_grant')
      expect(said.error_description).toMatch(/^"\[secret\]\S*" of the-client-id was used$/)
      expect(said.error_description).not.toContain(spelled)
    }
  })
})
