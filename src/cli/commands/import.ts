import { browsers } from '../../browser/stores/browsers.ts'
import { formats } from '../../formats/formats.ts'
import type { CommandSpec } from '../command.ts'

const fileFormats = formats.flatMap(({ name, aliases }) => [name, ...aliases])
const profileFormats = [...new Set(browsers.map(({ engine }) => engine))]

export const command: CommandSpec = {
  name: 'import',
  summary: 'add the cookies and web storage of a file or a browser to the session',
  takesSession: true,
  about:
    'hallpass checks the whole file first and imports all of it or nothing. It skips what a browser would refuse, what has expired and ' +
    'what it cannot read, and prints the line and the reason.',
  operands: [
    { name: '[file]', summary: 'the file, or - for stdin' },
    { name: '[sites...]', summary: 'import only these hosts and the hosts below them' },
  ],
  options: [
    {
      flags: '--format <format>',
      summary: 'the format of the file (default: found out from its content)',
      choices: [...fileFormats, 'bundle', ...profileFormats],
    },
    {
      flags: '--from <browser>',
      summary: 'read the profile of a browser instead of a file; the browser may be running',
      choices: browsers.map(({ name }) => name),
    },
    { flags: '--profile <profile>', summary: 'with --from: the name or folder of the profile' },
    {
      flags: '--container <container>',
      summary: 'with --from firefox: only the cookies of this container, by its name or number',
    },
    { flags: '--dry-run', summary: 'check and count; change nothing' },
    { flags: '--merge', summary: 'keep everything else that the session holds (this is the default)' },
    {
      flags: '--replace',
      summary:
        'remove everything else that the session holds of the sites in the file, if all of the file can be read',
    },
    { flags: '--undo', summary: 'undo the last import' },
    { flags: '--passphrase-file <file>', summary: 'a file (mode 0600) with the passphrase of the bundle' },
    { flags: '--yes', summary: 'do not ask before importing the credentials of a bundle' },
  ],
  examples: [
    'hallpass import cookies.txt --dry-run',
    'hallpass import state.json app.example.com',
    'hallpass import --from firefox app.example.com',
    'hallpass import - app.example.com --format header < header.txt',
  ],
  load: () => import('./import/import.ts'),
}
