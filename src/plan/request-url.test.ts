import { expect, it } from 'vitest'
import { parseRequestUrl } from './request-url.ts'

it.each([
  [
    'https://example.com',
    { scheme: 'https', host: 'example.com', port: 443, path: '/', text: 'https://example.com/' },
  ],
  ['HTTP://EXAMPLE.com.:80/a?b=c', { scheme: 'http', host: 'example.com', port: 80, path: '/a?b=c' }],
  ['example.com/me', { scheme: 'https', host: 'example.com', path: '/me' }],
  ['localhost:8080', { scheme: 'https', host: 'localhost', port: 8080 }],
  ['https://[::1]:8443/x', { host: '::1', port: 8443, text: 'https://[::1]:8443/x' }],
  ['wss://example.com/chat', { scheme: 'https', port: 443 }],
  ['ws://example.com/chat', { scheme: 'http', port: 80 }],
  ['https://bücher.example/', { host: 'xn--bcher-kva.example' }],
])('%s', (text, parsed) => expect(parseRequestUrl(text)).toMatchObject(parsed))

it('shows neither a password nor the values of a query', () => {
  const { text } = parseRequestUrl('https://ada:pa55@example.com/x?key=s3cret&b&c=2#frag')
  expect(text).toBe('https://example.com/x?key=…&b&c=…')
})

it.each([
  '',
  'ftp://example.com/',
  'file:///etc/passwd',
  'https://',
  'https://a b/',
  'https://exa\0mple.com',
  'javascript:alert(1)//x',
])('refuses %j', (text) =>
  expect(() => parseRequestUrl(text)).toThrow('neither a host nor an http or https URL'),
)
