import { HallpassError } from '../../errors.ts'

/**
 * @param platform only Linux says by variables whether there is a screen
 * @throws HallpassError `browser-failed`
 */
export function checkScreen(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): void {
  if (platform !== 'linux' || env.DISPLAY || env.WAYLAND_DISPLAY) return
  const message = [
    'there is no screen for a window (DISPLAY and WAYLAND_DISPLAY are not set). Instead you can',
    '- sign in on a machine with a screen, and import the cookies of its browser: the command below',
    '- for a token, sign in with a code on any device: "token login NAME --device"',
    '- where no person has to type, use a virtual screen: "xvfb-run" before the command',
  ].join('\n')
  throw new HallpassError('browser-failed', message, { hint: 'hallpass import cookies.txt' })
}
