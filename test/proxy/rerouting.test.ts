import { describe, expect, it } from 'vitest'
import type { RuleSpec } from '../support/material.ts'
import { ruleSet } from '../support/material.ts'
import { onHead } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const allow = ['POST /search']

async function sent(rule: Omit<RuleSpec, 'hosts'>, target: string, ...fields: readonly string[]) {
  await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), {
    rules: ruleSet([{ hosts: ['site.test'], ...rule }]),
  })
  const client = await s.proxy.secure('site.test')
  const lines = [`POST ${target} HTTP/1.1`, 'Host: site.test', ...fields, 'Content-Length: 0', '', '']
  client.send(lines.join('\r\n'))
  expect((await client.response()).status).toBe(200)
  return { received: s.origin.received, note: s.proxy.entries[0]?.note }
}

describe('a request to a host whose rule has allow', () => {
  it('reaches the origin without fields and parameters that name another request', async () => {
    const { received, note } = await sent(
      { allow },
      '/search?q=1&_method=DELETE',
      'X-HTTP-Method-Override: DELETE',
      'X_Original_URL: /admin',
      'X-Kept: 1',
    )
    expect(received).toBe(
      'POST /search?q=1 HTTP/1.1\r\nHost: site.test\r\nX-Kept: 1\r\nContent-Length: 0\r\nAuthorization: Bearer SECRET\r\n\r\n',
    )
    expect(note).toBe('removed x-http-method-override, removed x-original-url, removed ?_method')
  })

  it('keeps them where the rule says so', async () => {
    const { received, note } = await sent(
      { allow, rerouting: true },
      '/search?_method=PUT',
      'X-Rewrite-URL: /admin',
    )
    expect(received).toMatch(/^POST \/search\?_method=PUT HTTP\/1\.1\r\n.*X-Rewrite-URL: \/admin\r\n/s)
    expect(note).toBeUndefined()
  })
})

it('a request to a host whose rule allows everything keeps its fields', async () => {
  const { received } = await sent({}, '/x?_method=PUT', 'X-HTTP-Method-Override: PUT')
  expect(received).toMatch(/^POST \/x\?_method=PUT HTTP\/1\.1\r\n.*X-HTTP-Method-Override: PUT\r\n/s)
})
