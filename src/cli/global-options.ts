import type { OptionSpec } from './command.ts'

/** Every command has these; they may stand before or after its name. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '--session <name>', summary: 'the session to use (default: $HALLPASS_SESSION or default)' },
  { flags: '--home <dir>', summary: 'the state folder (default: $HALLPASS_HOME or ~/.hallpass)' },
  {
    flags: '--config <file>',
    summary: 'the configuration file (default: config/config.yaml in the state folder)',
  },
  { flags: '--json', summary: 'print one JSON document on stdout; a failure is JSON on stderr' },
  { flags: '--quiet', summary: 'print nothing on stderr but warnings and errors' },
  { flags: '--verbose', summary: 'print more on stderr' },
  { flags: '--no-input', summary: 'never ask; a missing answer is an error' },
]
