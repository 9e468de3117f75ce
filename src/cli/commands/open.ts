import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'open',
  summary: 'open a browser window that is already signed in',
  takesSession: true,
  about:
    'The window starts with the cookies and web storage that the session has of the site. hallpass saves changed cookies as they come, ' +
    'and changed web storage when you close the window or press Enter here.',
  operands: [{ name: '<url>', summary: 'the page: app.example.com or https://app.example.com/home' }],
  options: [
    { flags: '--also <host...>', summary: 'also use these sites' },
    {
      flags: '--browser <browser>',
      summary: 'chrome, chromium, edge, brave, firefox, or the path of a browser',
    },
  ],
  examples: ['hallpass open app.example.com'],
  load: () => import('./open/open.ts'),
}
