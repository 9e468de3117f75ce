import type { ServerResponse } from 'node:http'
import type { FalseAnswer } from '../support/authorization-server.ts'

export interface Trouble {
  readonly answer: FalseAnswer
  /** Whether the answer shows that the server did not use the refresh token, which then stays good. */
  readonly unused: boolean
  /** The server refuses the request, so that only a login helps if it stays so. */
  readonly refusal?: true
}

const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const text = (response: ServerResponse, status: number, type: string, body: string) =>
  response.writeHead(status, { 'content-type': type }).end(body)

const tokens = {
  access_token: 'false-access-token',
  token_type: 'Bearer',
  expires_in: 3600,
  refresh_token: 'false-refresh-token',
}
const html = '<!DOCTYPE html><title>Maintenance</title><p>back soon</p>'

/** Answers of a failing token endpoint, or of a gateway in front of it. hallpass must take none of them for tokens. */
export const troubles: Readonly<Record<string, Trouble>> = {
  '500': { answer: (response) => text(response, 500, 'text/plain', 'oops'), unused: false },
  '502 of a gateway, as HTML': {
    answer: (response) => text(response, 502, 'text/html', html),
    unused: false,
  },
  '503': { answer: (response) => text(response, 503, 'text/plain', ''), unused: true },
  '429': { answer: (response) => json(response, 429, { error: 'too_many_requests' }), unused: true },
  '429 without JSON': { answer: (response) => text(response, 429, 'text/html', html), unused: true },
  '403 of a firewall': {
    answer: (response) => text(response, 403, 'text/html', html),
    unused: true,
    refusal: true,
  },
  '400 temporarily_unavailable': {
    answer: (response) => void json(response, 400, { error: 'temporarily_unavailable' }),
    unused: true,
  },
  '400 invalid_scope': {
    answer: (response) => void json(response, 400, { error: 'invalid_scope' }),
    unused: true,
    refusal: true,
  },
  '401 invalid_client': {
    answer: (response) =>
      json(response, 401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="x"' }),
    unused: true,
    refusal: true,
  },
  'a redirect to a sign-in page': {
    answer: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/login' }).end(),
    unused: true,
  },
  'an HTML page with 200': { answer: (response) => text(response, 200, 'text/html', html), unused: false },
  'nothing with 200': { answer: (response) => text(response, 200, 'application/json', ''), unused: false },
  'half of its JSON': {
    answer: (response) => text(response, 200, 'application/json', JSON.stringify(tokens).slice(0, 60)),
    unused: false,
  },
  'JSON of another kind': {
    answer: (response) => text(response, 200, 'application/json', '["tokens"]'),
    unused: false,
  },
  'an error with 200, as some do': {
    answer: (response) => json(response, 200, { error: 'bad_verification' }),
    unused: true,
    refusal: true,
  },
  'tokens of another type': {
    answer: (response) => json(response, 200, { ...tokens, token_type: 'mac' }),
    unused: false,
  },
  'tokens bound to a key that nobody here has': {
    answer: (response) => json(response, 200, { ...tokens, token_type: 'DPoP' }),
    unused: false,
  },
  'an access token that splits the header': {
    answer: (response) => json(response, 200, { ...tokens, access_token: 'a\r\nX-Evil: 1' }),
    unused: false,
  },
  'an access token that is a number': {
    answer: (response) => json(response, 200, { ...tokens, access_token: 12 }),
    unused: false,
  },
  'a huge answer': {
    answer: (response) =>
      text(response, 200, 'application/json', JSON.stringify({ ...tokens, pad: 'x'.repeat(4 << 20) })),
    unused: false,
  },
  'an endless one': {
    answer(response) {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      }
      response.on('drain', more)
      response.on('error', () => {})
      more()
    },
    unused: false,
  },
  'a cut connection': { answer: (response) => void response.destroy(), unused: false },
  'a head and then nothing': {
    answer: (response) => void response.writeHead(200, { 'content-length': '100' }).write('{'),
    unused: false,
  },
  'nothing at all': { answer: () => {}, unused: false },
}
