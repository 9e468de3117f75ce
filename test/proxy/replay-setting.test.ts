import { expect, it } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { onRequest } from '../support/arrived-requests.ts'
import { rawOrigin } from '../support/origin.ts'
import { rawClient } from '../support/raw-client.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { tokenEndpoint } from '../support/token-endpoint.ts'

it.each([
  ['5', 200],
  ['4', 401],
  ['0', 401],
])(
  'replay: %s in the configuration: a rejected upload of five bytes is answered %d',
  async (replay, status) => {
    await using tokens = await tokenEndpoint()
    await using origin = await rawOrigin((socket) =>
      onRequest(socket, ({ token }) => {
        socket.write(
          `HTTP/1.1 ${token === 'A2' ? '200 OK' : '401 Unauthorized'}\r\nContent-Length: 0\r\n\r\n`,
        )
      }),
    )
    const hallpass = await openHallpass({
      home: temporaryHome().root,
      env: { HALLPASS_NO_KEYRING: '1', HALLPASS_REPLAY: replay },
    })
    await hallpass.saveTokens(
      'api',
      { kind: 'oauth2', hosts: ['127.0.0.1'], tokenEndpoint: tokens.url, clientId: 'tests' },
      JSON.stringify({ access_token: 'A1', refresh_token: 'R1', token_type: 'Bearer' }),
    )
    const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 }, noAuth: true })
    try {
      using client = await rawClient(proxy.port)
      client.send(
        `POST http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\nContent-Length: 5\r\n\r\nhello`,
      )
      expect((await client.response()).status).toBe(status)
    } finally {
      await proxy.close({ graceMs: 0 })
    }
  },
)
