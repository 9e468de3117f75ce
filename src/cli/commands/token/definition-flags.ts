import type { OptionSpec } from '../../command.ts'

/** A flag that says something about what a credential is: the key of its definition that it sets, and how it is read. */
export interface DefinitionFlag extends OptionSpec {
  readonly key: string
  readonly reads: 'text' | 'list' | 'path' | 'yes' | 'no'
}

/** Those of every kind, then those of single ones. `token set` and `token login` take them, and errors name them. */
export const definitionFlags: readonly DefinitionFlag[] = [
  {
    key: 'hosts',
    reads: 'list',
    flags: '--host <host...>',
    summary: 'where it goes: example.com, *.example.com, with :port or without',
  },
  { key: 'allowHttp', reads: 'yes', flags: '--allow-http', summary: 'over plain http too' },
  {
    key: 'override',
    reads: 'no',
    flags: '--no-override',
    summary: 'leave alone what the client itself sends in that place',
  },
  {
    key: 'header',
    reads: 'text',
    flags: '--header <name>',
    summary: 'the header it goes in (header, mirror, web-storage)',
  },
  { key: 'param', reads: 'text', flags: '--param <name>', summary: 'the query parameter it goes in (query)' },
  {
    key: 'cookie',
    reads: 'text',
    flags: '--cookie <name>',
    summary: 'the cookie it is copied from (mirror)',
  },
  {
    key: 'origin',
    reads: 'text',
    flags: '--origin <url>',
    summary: 'the page in whose web storage it is (web-storage)',
  },
  { key: 'key', reads: 'text', flags: '--key <name>', summary: 'the key that it is under (web-storage)' },
  {
    key: 'path',
    reads: 'text',
    flags: '--path <names>',
    summary: 'where in the JSON under that key: access.token (web-storage)',
  },
  {
    key: 'area',
    reads: 'text',
    flags: '--area <area>',
    summary: 'local, session or database; otherwise the first that has the key (web-storage)',
  },
  {
    key: 'provider',
    reads: 'text',
    flags: '--provider <name>',
    summary: 'who issues the tokens, where that is one hallpass knows (oauth2)',
  },
  {
    key: 'issuer',
    reads: 'text',
    flags: '--issuer <url>',
    summary: 'who issues them, by the URL of its discovery (oauth2)',
  },
  {
    key: 'authorizationEndpoint',
    reads: 'text',
    flags: '--authorization-endpoint <url>',
    summary: 'where the user signs in, when nothing publishes it (oauth2)',
  },
  {
    key: 'tokenEndpoint',
    reads: 'text',
    flags: '--token-endpoint <url>',
    summary: 'where tokens come from, when nothing publishes it (oauth2)',
  },
  {
    key: 'deviceAuthorizationEndpoint',
    reads: 'text',
    flags: '--device-authorization-endpoint <url>',
    summary: 'where device logins begin, when nothing publishes it (oauth2)',
  },
  {
    key: 'clientId',
    reads: 'text',
    flags: '--client-id <id>',
    summary: 'the client, as the issuer knows it (oauth2)',
  },
  {
    key: 'clientAuth',
    reads: 'text',
    flags: '--client-auth <method>',
    summary: 'how the client proves itself: none, client_secret_basic, client_secret_post (oauth2)',
  },
  {
    key: 'scopes',
    reads: 'list',
    flags: '--scope <scope...>',
    summary: 'what the tokens may do: no more than is needed (oauth2)',
  },
  {
    key: 'audience',
    reads: 'text',
    flags: '--audience <name>',
    summary: 'the API that they are for, where the issuer asks for it (oauth2)',
  },
  { key: 'resource', reads: 'text', flags: '--resource <url>', summary: 'the same by RFC 8707 (oauth2)' },
  {
    key: 'redirectUri',
    reads: 'text',
    flags: '--redirect-uri <url>',
    summary:
      'where a sign-in comes back to, when its port is registered: http://127.0.0.1:8722/callback (oauth2)',
  },
  {
    key: 'flow',
    reads: 'text',
    flags: '--flow <flow>',
    summary:
      'how they are obtained: code, device, client-credentials; oauth1, for tokens of OAuth 1.0a (oauth2)',
  },
  {
    key: 'tokenFile',
    reads: 'path',
    flags: '--file <path>',
    summary: 'with --read-only: the JSON file of the tool that owns them (oauth2)',
  },
  {
    key: 'signatureMethod',
    reads: 'text',
    flags: '--signature-method <method>',
    summary: 'HMAC-SHA1, the default, or HMAC-SHA256 (oauth1)',
  },
  {
    key: 'realm',
    reads: 'text',
    flags: '--realm <name>',
    summary: 'the realm, where the server wants one (oauth1)',
  },
  {
    key: 'region',
    reads: 'text',
    flags: '--region <name>',
    summary: 'the region, if clients do not say it (sigv4)',
  },
  {
    key: 'service',
    reads: 'text',
    flags: '--service <name>',
    summary: 'the service, if clients do not say it (sigv4)',
  },
  {
    key: 'placeholder',
    reads: 'text',
    flags: '--placeholder <dummy>',
    summary: 'the dummy that clients send, anywhere in a request (placeholder)',
  },
]

/** Of a flag, the word that is typed: `--host`. */
export function flagName({ flags }: OptionSpec): string {
  return flags.split(' ')[0] ?? flags
}
