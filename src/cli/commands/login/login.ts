import { checkScreen } from '../../../browser/window/check-screen.ts'
import { findExecutable } from '../../../browser/window/find-executable.ts'
import { attach, login } from '../../../browser/window/use-window.ts'
import { HallpassError } from '../../../errors.ts'
import type { Run } from '../../command.ts'
import { parseUntil } from './until.ts'
import { capturedIn, pageOperand, tellWindow, useWindow } from './window-command.ts'

export const run: Run = async (context, input) => {
  const { env, output } = context
  const until = parseUntil(input.text('until'))
  const endpoint = input.text('attach')
  if (endpoint !== undefined && input.has('browser'))
    throw new HallpassError('usage', '--attach and --browser do not go together')
  if (endpoint !== undefined && !/^(\[[\da-f:.]+\]|[\w.-]+):\d+$/i.test(endpoint))
    throw new HallpassError('usage', '--attach must be HOST:PORT, such as 127.0.0.1:9222')
  const opening =
    endpoint === undefined
      ? 'opening a browser window: sign in'
      : `taking over from the browser on ${endpoint}: sign in`
  const page = pageOperand(input.args[0])
  if (endpoint === undefined) checkScreen(env)
  const executable = endpoint === undefined ? findExecutable(input.text('browser'), env) : ''
  const { report, host, origin } = await useWindow({
    context,
    input,
    page,
    until,
    opening,
    use: (hallpass, options) =>
      endpoint === undefined
        ? login(hallpass, { ...options, executable, env })
        : attach(hallpass, { ...options, endpoint }),
  })
  const { cookies, keys } = capturedIn(report)
  if (cookies + keys === 0) {
    throw new HallpassError('login-failed', `${host} set no cookies and no web storage`, {
      hint: `hallpass login ${origin}`,
    })
  }
  tellWindow(context, 'login', report)
  if (report.failed !== undefined) return 8
  output.hint(`hallpass run -- curl ${origin}/`)
  return 0
}
