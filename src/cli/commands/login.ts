import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'login',
  summary: 'sign in with a browser window, and keep the cookies and web storage of the site',
  takesSession: true,
  about:
    'Opens your Chrome, Chromium, Edge, Brave or Firefox on a new profile, through the proxy. Sign in, then close the window or press ' +
    'Enter here. hallpass saves each cookie as it comes and the web storage at the end. It keeps nothing of other sites unless --also ' +
    'names them.',
  operands: [
    { name: '<url>', summary: 'the sign-in page: app.example.com or https://app.example.com/login' },
  ],
  options: [
    { flags: '--also <host...>', summary: 'also keep these sites, as for single sign-on' },
    {
      flags: '--until <what>',
      summary: 'end by itself: url=GLOB, cookie=NAME, or closed (Enter does not end it)',
    },
    {
      flags: '--browser <browser>',
      summary: 'chrome, chromium, edge, brave, firefox, or the path of a browser',
    },
    {
      flags: '--attach <endpoint>',
      summary: 'use a browser that you started with --remote-debugging-port: 127.0.0.1:9222',
    },
  ],
  examples: [
    'hallpass login app.example.com',
    "hallpass login app.example.com --until 'url=https://app.example.com/home*'",
    'hallpass login app.example.com --also sso.example.net',
  ],
  load: () => import('./login/login.ts'),
}
