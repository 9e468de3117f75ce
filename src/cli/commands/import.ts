import type { CommandSpec } from '../command.ts'
import { formatAliases, profileFormats, readableFormats } from './format-names.ts'

export const command: CommandSpec = {
  name: 'import',
  summary: 'bring cookies and web storage of a file or a browser into the session',
  takesSession: true,
  about:
    'All of it is checked first, and a file comes in as a whole or not at all. What a browser would refuse, what has expired and what ' +
    'cannot be read is skipped and told with line and reason. Without --format the content says what it is.',
  operands: [
    { name: '[file]', summary: 'the file, or - for stdin' },
    { name: '[sites...]', summary: 'only what belongs to these hosts and the hosts below them' },
  ],
  options: [
    {
      flags: '--format <format>',
      summary: 'what the file is',
      choices: [...readableFormats, ...profileFormats, ...formatAliases],
    },
    {
      flags: '--from <browser>',
      summary: "a browser's own store instead of a file; it may be running",
      choices: ['firefox', 'chrome', 'chromium', 'brave', 'edge'],
    },
    { flags: '--profile <profile>', summary: 'with --from: the name or the folder of a profile' },
    { flags: '--dry-run', summary: 'check and count, and change nothing' },
    { flags: '--merge', summary: 'beside what the session holds (this is the default)' },
    {
      flags: '--replace',
      summary: 'in place of what the session holds of the sites in the file, if all of it can be read',
    },
    { flags: '--undo', summary: 'take back the last import that removed or changed anything' },
    { flags: '--passphrase-file <file>', summary: 'the passphrase of a bundle (mode 0600)' },
    { flags: '--yes', summary: 'do not ask before the credentials of a bundle come in' },
  ],
  examples: [
    'hallpass import cookies.txt --dry-run',
    'hallpass import state.json app.example.com',
    'hallpass import --from firefox app.example.com',
    'hallpass import - app.example.com --format header < header.txt',
  ],
  load: () => import('./import/import.ts'),
}
