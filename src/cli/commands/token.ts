import { kindNames, kinds } from '../../credentials/kinds.ts'
import { providers } from '../../oauth/providers.ts'
import type { CommandSpec } from '../command.ts'
import { definitionFlags, loginFlags } from './token/definition-flags.ts'

const inputs = kinds.map(({ kind, secret }) => `  ${kind}: ${secret?.wanted ?? 'nothing'}`).join('\n')

const withDomains = providers.flatMap(({ name, domain }) => (domain === undefined ? [] : name)).join(', ')

export const command: CommandSpec = {
  name: 'token',
  summary: 'store tokens and passwords, sign in for tokens, refresh and print them',
  takesSession: true,
  about:
    'Values come from stdin or a hidden prompt, or from a command, a file or a variable that you name, never from the command line, ' +
    'which every process of this machine can read.',
  subcommands: [
    {
      name: 'set',
      summary: 'store a credential, or give it a new value',
      about:
        'Without --kind only the value changes: the credential stays as it was stored, or as the configuration defines it. ' +
        `A token response may also contain a client_secret. Write to stdin, by kind:\n${inputs}`,
      operands: [{ name: '<name>', summary: 'the name of the credential' }],
      options: [
        {
          flags: '--kind <kind>',
          summary: 'how it authenticates a request',
          choices: kindNames,
        },
        ...definitionFlags,
        {
          flags: '--read-only',
          summary: 'read the tokens from the --file of another tool, and leave the refresh to it (oauth2)',
        },
      ],
      examples: [
        'printf %s "$TOKEN" | \\\n    hallpass token set api --kind bearer --host api.example.com',
        'hallpass token set maps --kind query --param key --host maps.example.com',
        'hallpass token set csrf --kind mirror --cookie ct0 \\\n    --header x-csrf-token --host "*.x.com"',
        'hallpass token set page --kind web-storage \\\n    --origin https://app.example.com --key auth \\\n    --path access.token --host app.example.com',
        'hallpass token set work --kind oauth2 \\\n    --issuer https://id.example.com --client-id cli \\\n    --host api.example.com < response.json',
        'hallpass token set openai --kind placeholder \\\n    --placeholder sk-00000000 --host api.openai.com',
        'aws configure export-credentials | \\\n    hallpass token set aws --kind sigv4 --host "*.amazonaws.com"',
        "hallpass token set hub --kind bearer \\\n    --from-command 'gh auth token' --host api.github.com",
        'hallpass token set orders --kind bearer \\\n    --from-file /run/secrets/orders --host orders.example.com',
        'hallpass token set ci --kind bearer \\\n    --from-env CI_API_TOKEN --host ci.example.com',
        'hallpass token set tool --kind oauth2 --read-only \\\n    --file ~/.config/tool/token.json --host api.example.com',
      ],
      load: () => import('./token/set.ts'),
    },
    {
      name: 'login',
      summary: 'sign in for a credential: in a browser, on another device, or as a client',
      about:
        'hallpass remembers the options: the next login needs only the name. Without --device and --flow it signs in as the ' +
        'provider prefers, else in a browser of this machine. If you stop a device login, the same command resumes it. ' +
        'With --json each line is one document: {"event":"visit"} or {"event":"code"}, then {"event":"done"}.\n' +
        `Providers: ${providers.map(({ name }) => name).join(', ')}. --issuer takes the URL of any other issuer, ` +
        `and the domain or tenant for ${withDomains}.`,
      operands: [{ name: '<name>', summary: 'the name of the credential' }],
      options: [
        ...loginFlags,
        { flags: '--device', summary: 'sign in with a code that you enter on any device: --flow device' },
        { flags: '--client-secret', summary: 'read the client secret from a hidden prompt or stdin' },
        {
          flags: '--no-browser',
          summary: 'print the URL instead of opening it, and read the URL where it ends from stdin',
        },
        {
          flags: '--no-wait',
          summary: 'start a device login and print its code; run the command without it to wait',
        },
      ],
      examples: [
        'hallpass token login github --provider github \\\n    --client-id Iv1.0123456789abcdef',
        'hallpass token login work --device --client-id cli \\\n    --issuer https://id.example.com --host api.example.com',
        'hallpass token login work',
        'hallpass token login x --provider x --flow oauth1 \\\n    --client-id KEY --client-secret',
        'hallpass token login svc --flow client-credentials \\\n    --issuer https://id.example.com --client-id svc --client-secret \\\n    --host api.example.com',
      ],
      load: () => import('./token/login.ts'),
    },
    {
      name: 'get',
      summary: 'print the value of a credential, after a refresh if one is due',
      about:
        'A credential with several secrets is printed in the form that token set reads. A pipe or a file gets the exact bytes; on a ' +
        'terminal, control characters are made visible.',
      operands: [{ name: '<name>', summary: 'the name of the credential' }],
      options: [{ flags: '--reveal', summary: 'with --json: also the value' }],
      load: () => import('./token/get.ts'),
    },
    {
      name: 'refresh',
      summary: 'refresh the tokens of a credential now',
      about:
        'Exits with 4 when the tokens need a login, and with 6 when the token server cannot be reached or asks to wait.',
      operands: [{ name: '<name>', summary: 'the name of the credential' }],
      load: () => import('./token/refresh.ts'),
    },
    {
      name: 'list',
      summary: 'list the credentials, how fresh they are, and how to mend a broken one',
      load: () => import('./token/list.ts'),
    },
    {
      name: 'rm',
      summary: 'remove a credential from the session',
      operands: [{ name: '<name>', summary: 'the name of the credential' }],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./token/rm.ts'),
    },
  ],
}
