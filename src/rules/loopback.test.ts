import { expect, it } from 'vitest'
import { isLoopbackHost } from './loopback.ts'

it.each(['localhost', 'LOCALHOST.', 'app.localhost', '127.0.0.1', '127.255.0.9', '::1'])(
  '%s is here',
  (host) => expect(isLoopbackHost(host)).toBe(true),
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
])('%j is not taken for this machine', (host) => expect(isLoopbackHost(host)).toBe(false))
