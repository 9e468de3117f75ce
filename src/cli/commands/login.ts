import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'login',
  summary: 'sign in by a browser window; what the site sets is kept',
  takesSession: true,
  about:
    'Your own Chrome, Chromium, Edge, Brave or Firefox opens on a profile of its own, through the proxy. Sign in, then close the ' +
    'window or press Enter here. Cookies are kept as they come, the web storage at the end; of other sites nothing is kept that ' +
    '--also does not name.',
  operands: [{ name: '<url>', summary: 'where to sign in: app.example.com, https://app.example.com/login' }],
  options: [
    { flags: '--also <host...>', summary: 'keep these sites too (single sign-on)' },
    {
      flags: '--until <what>',
      summary: 'end by itself: url=GLOB, cookie=NAME, or closed (Enter does not end it)',
    },
    { flags: '--browser <browser>', summary: 'chrome, chromium, edge, brave, firefox, or the path of one' },
    {
      flags: '--attach <endpoint>',
      summary: 'take over from a browser that you started with --remote-debugging-port: 127.0.0.1:9222',
    },
  ],
  examples: [
    'hallpass login app.example.com',
    'hallpass login https://app.example.com/login --until url=https://app.example.com/home*',
    'hallpass login app.example.com --also sso.example.net',
  ],
  load: () => import('./login/login.ts'),
}
