import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'run',
  summary: 'run a command with the session attached to its requests',
  takesSession: true,
  about:
    'Everything after -- is the command. It goes through the running proxy with a client token of its own. If no proxy runs, or the ' +
    'running one has other settings, the command gets a proxy that lives as long as it does. After the command, hallpass says what it ' +
    'captured, refused and did not attach, and which login is needed; --quiet leaves that out. hallpass ends with the exit status ' +
    'of the command, or with 125 when hallpass itself failed.',
  options: [
    {
      flags: '--capture [host...]',
      summary: 'also keep new cookies of these hosts (default: of all hosts)',
    },
    { flags: '--only <host...>', summary: 'attach the session to requests for these hosts only' },
    {
      flags: '--strict',
      summary: 'refuse every other host with 403; without --only, every host that the session does not know',
    },
    {
      flags: '--exclusive',
      summary: 'refuse every other use of the session until the command has ended',
    },
    { flags: '--summary', summary: 'end with a line of what came of the requests, also after plain success' },
    { flags: '--nest', summary: 'allow hallpass run inside hallpass run' },
  ],
  examples: [
    'hallpass run --capture -- curl -d @form.txt https://app.example.com/login',
    'hallpass run -- curl https://app.example.com/me',
    'hallpass run --only api.example.com --strict -- ./nightly.sh',
    'hallpass run --session work --exclusive -- ./checkout.sh',
  ],
  takesChild: true,
  ownFailure: 125,
  load: () => import('./run/run.ts'),
}
