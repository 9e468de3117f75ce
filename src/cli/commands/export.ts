import type { CommandSpec } from '../command.ts'
import { formatAliases, writableFormats } from './format-names.ts'

export const command: CommandSpec = {
  name: 'export',
  summary: 'write cookies and web storage of the session for another tool',
  takesSession: true,
  about:
    'The file has the values in clear, so it is asked for: by --reveal, or on the terminal. It gets mode 0600. A bundle holds the whole ' +
    'session, tokens too, encrypted under a passphrase.',
  operands: [
    {
      name: '[sites...]',
      summary: 'only these hosts and the hosts below them; one URL for the formats header and curl',
    },
  ],
  options: [
    { flags: '--format <format>', summary: 'what to write', choices: [...writableFormats, ...formatAliases] },
    { flags: '--out <file>', summary: 'the file (default: stdout, with --reveal alone)' },
    { flags: '--force', summary: 'write over a file that is there' },
    { flags: '--reveal', summary: 'yes, with the values in clear' },
    { flags: '--passphrase-file <file>', summary: 'the passphrase of a bundle (mode 0600)' },
  ],
  examples: [
    'hallpass export --format netscape --out cookies.txt example.com',
    'hallpass export --format curl --reveal https://app.example.com/me | curl -K -',
    'hallpass export --format bundle --out work.bundle --session work',
  ],
  load: () => import('./export/export.ts'),
}
