import { formats } from '../../formats/formats.ts'
import type { CommandSpec } from '../command.ts'

const names = formats.filter((format) => format.exports).flatMap(({ name, aliases }) => [name, ...aliases])

export const command: CommandSpec = {
  name: 'export',
  summary: 'write the cookies and web storage of the session to a file for another tool',
  takesSession: true,
  about:
    'The file contains the values in clear, so hallpass asks before it writes them; --reveal answers yes. The file gets mode 0600. ' +
    'A bundle contains the whole session, with its tokens, and is encrypted with a passphrase.',
  operands: [
    {
      name: '[sites...]',
      summary: 'export only these hosts and the hosts below them; for header and curl: one URL',
    },
  ],
  options: [
    {
      flags: '--format <format>',
      summary: 'the format of the file',
      choices: [...names, 'bundle'],
    },
    { flags: '--out <file>', summary: 'the file (default: stdout, which needs --reveal)' },
    { flags: '--force', summary: 'overwrite an existing file' },
    { flags: '--reveal', summary: 'write the values in clear without asking' },
    { flags: '--passphrase-file <file>', summary: 'a file (mode 0600) with the passphrase of the bundle' },
  ],
  examples: [
    'hallpass export --format netscape --out cookies.txt example.com',
    'hallpass export --format curl --reveal app.example.com/me | curl -K -',
    'hallpass export --format bundle --out work.bundle --session work',
  ],
  load: () => import('./export/export.ts'),
}
