import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'open',
  summary: 'open a browser window that is signed in already',
  takesSession: true,
  about:
    'Cookies and web storage of the site are in the window from the beginning. What changes in it comes back into the session: cookies as ' +
    'they come, the rest when the window is closed or Enter is pressed here.',
  operands: [{ name: '<url>', summary: 'what to open: app.example.com, https://app.example.com/home' }],
  options: [
    { flags: '--also <host...>', summary: 'these sites too' },
    { flags: '--browser <browser>', summary: 'chrome, chromium, edge, brave, firefox, or the path of one' },
  ],
  examples: ['hallpass open app.example.com'],
  load: () => import('./open/open.ts'),
}
