import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'run',
  summary: 'run a command with the session attached to its requests',
  takesSession: true,
  about:
    'What stands after -- is the command, untouched. It goes through the running proxy with a client token of its own, ' +
    'or through one that lives as long as it does. Its exit status is the exit status; 125 is a failure of hallpass itself.',
  options: [
    {
      flags: '--capture [host...]',
      summary: 'take in new cookies of these hosts; of all hosts when none is named',
    },
    { flags: '--only <host...>', summary: 'attach to these hosts alone' },
    {
      flags: '--strict',
      summary: 'answer 403 for every other host; without --only, for those the session does not know',
    },
    { flags: '--nest', summary: 'allow run inside run' },
  ],
  examples: [
    "hallpass run --capture -- curl -d 'user=ada&password=…' https://app.example.com/login",
    'hallpass run -- curl https://app.example.com/me',
    'hallpass run --only api.example.com --strict -- ./nightly.sh',
  ],
  takesChild: true,
  ownFailure: 125,
  load: () => import('./run/run.ts'),
}
