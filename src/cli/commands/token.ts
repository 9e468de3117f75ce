import { kindNames, kinds } from '../../credentials/kinds.ts'
import { providers } from '../../oauth/providers.ts'
import type { CommandSpec } from '../command.ts'
import { definitionFlags } from './token/definition-flags.ts'

const wanted = kinds.map(({ kind, secret }) => `  ${kind}: ${secret?.wanted ?? 'nothing'}`).join('\n')

/** What a login can be told of the credential. */
const loginKeys: ReadonlySet<string> = new Set([
  'hosts',
  'allowHttp',
  'override',
  'provider',
  'issuer',
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'clientId',
  'clientAuth',
  'scopes',
  'audience',
  'resource',
  'redirectUri',
  'flow',
])

export const command: CommandSpec = {
  name: 'token',
  summary: `credentials: ${kindNames.join(', ')}`,
  takesSession: true,
  about:
    'A value comes from stdin or a hidden prompt, never from the command line, where every process of this machine could read it.',
  subcommands: [
    {
      name: 'set',
      summary: 'keep a credential, or give one a new value',
      about:
        'Without --kind the credential keeps what it is, or is what the configuration says, and only its value changes. ' +
        `A token response may have a client_secret beside it. What is wanted on stdin, by kind:\n${wanted}`,
      operands: [{ name: '<name>', summary: 'what to call it' }],
      options: [
        {
          flags: '--kind <kind>',
          summary: 'how it authenticates a request',
          choices: kindNames,
        },
        ...definitionFlags,
        {
          flags: '--read-only',
          summary:
            'another tool owns the tokens: they are read from its --file and never refreshed here (oauth2)',
        },
      ],
      examples: [
        'printf %s "$TOKEN" | hallpass token set api --kind bearer --host api.example.com',
        'hallpass token set maps --kind query --param key --host maps.example.com',
        'hallpass token set csrf --kind mirror --cookie ct0 --header x-csrf-token --host "*.social.example"',
        'hallpass token set page --kind web-storage --origin https://app.example.com --key auth --path access.token --host app.example.com',
        'hallpass token set work --kind oauth2 --issuer https://id.example.com --client-id cli --host api.example.com < response.json',
        'hallpass token set openai --kind placeholder --placeholder sk-placeholder-0000 --host api.openai.com',
        'aws configure export-credentials | hallpass token set aws --kind sigv4 --host "*.amazonaws.com"',
        'hallpass token set tool --kind oauth2 --read-only --file ~/.config/tool/token.json --host api.example.com',
      ],
      load: () => import('./token/set.ts'),
    },
    {
      name: 'login',
      summary: 'sign in for a credential: in a browser, on another device, or as a client',
      about:
        'What is given is remembered: the next login needs the name alone. Without --device and --flow it is as the provider ' +
        'prefers, else in a browser of this machine. A device login that was stopped is taken up by the same command. ' +
        'With --json there is one document a line: {"event":"visit"|"code"}, then {"event":"done"}.\n' +
        `Providers: ${providers.map(({ name }) => name).join(', ')}; --issuer takes the URL of any other, and the domain or tenant of okta, auth0, microsoft, gitlab.`,
      operands: [{ name: '<name>', summary: 'what to call it' }],
      options: [
        ...definitionFlags.filter(({ key }) => loginKeys.has(key)),
        { flags: '--device', summary: 'by a code that is entered on any device: --flow device' },
        { flags: '--client-secret', summary: 'ask for the client secret: a hidden prompt, or stdin' },
        {
          flags: '--no-browser',
          summary: 'open none: print the URL, and take the one that it ends up at from stdin',
        },
        {
          flags: '--no-wait',
          summary: 'begin a device login and print its code; the same command without it waits',
        },
      ],
      examples: [
        'hallpass token login github --provider github --client-id Iv1.0123456789abcdef',
        'hallpass token login work --issuer https://id.example.com --client-id cli --host api.example.com --device',
        'hallpass token login work',
        'hallpass token login x --provider x --flow oauth1 --client-id KEY --client-secret --no-browser',
        'hallpass token login svc --issuer https://id.example.com --client-id svc --client-secret --flow client-credentials --host api.example.com',
      ],
      load: () => import('./token/login.ts'),
    },
    {
      name: 'get',
      summary: 'print the value of a credential, refreshed first when that is due',
      about: 'What it prints of a kind with several secrets is what token set takes.',
      operands: [{ name: '<name>', summary: 'which one' }],
      options: [{ flags: '--reveal', summary: 'with --json: the value too' }],
      load: () => import('./token/get.ts'),
    },
    {
      name: 'refresh',
      summary: 'refresh the tokens of a credential now',
      about:
        'Exits 4 when they need a login, 6 when the token server cannot be reached or will not answer now.',
      operands: [{ name: '<name>', summary: 'which one' }],
      load: () => import('./token/refresh.ts'),
    },
    {
      name: 'list',
      summary: 'print what credentials there are, how fresh, and what to type where one is amiss',
      load: () => import('./token/list.ts'),
    },
    {
      name: 'rm',
      summary: 'remove a credential from the session',
      operands: [{ name: '<name>', summary: 'which one' }],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./token/rm.ts'),
    },
  ],
}
