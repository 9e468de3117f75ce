import { expect, it } from 'vitest'
import { isLocalName, isLoopbackHost, isPlainLoopback } from './loopback.ts'

it.each(['localhost', 'LOCALHOST.', '127.0.0.1', '127.255.0.9', '::1'])('%s is here', (host) =>
  expect([isLoopbackHost(host), isLocalName(host)]).toEqual([true, true]),
)

it.each(['app.localhost', 'a.b.LOCALHOST.'])(
  '%s may be anywhere, since a name server may be asked for it, but its name is a local one',
  (host) => expect([isLoopbackHost(host), isLocalName(host)]).toEqual([false, true]),
)

it.each([
  'localhost.evil.test',
  'notlocalhost',
  'localhost..',
  '127.0.0.1.evil.test',
  '127.0.0.1.nip.io',
  '127.1',
  '127.0.0.256',
  '127.00.0.1',
  '0x7f.0.0.1',
  '2130706433',
  '128.0.0.1',
  '0.0.0.0',
  '::',
  '::ffff:127.0.0.1',
  '[::1]',
  '10.0.0.1',
  '',
])('%j is not taken for this machine', (host) =>
  expect([isLoopbackHost(host), isLocalName(host)]).toEqual([false, false]),
)

it.each([
  ['http://127.0.0.1:8722/callback', true],
  ['http://[::1]/', true],
  ['http://localhost.evil.test/', false],
  ['https://localhost/', false],
  ['ftp://localhost/', false],
])('%s is plain http on this machine: %s', (url, plain) => expect(isPlainLoopback(new URL(url))).toBe(plain))
