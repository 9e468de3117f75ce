import { checkScreen } from '../../../browser/window/check-screen.ts'
import { findExecutable } from '../../../browser/window/find-executable.ts'
import { open } from '../../../browser/window/use-window.ts'
import type { Run } from '../../command.ts'
import { pageOperand, tellWindow, useWindow } from '../login/window-command.ts'

export const run: Run = async (context, input) => {
  const { env } = context
  const page = pageOperand(input.args[0])
  checkScreen(env)
  const executable = findExecutable(input.text('browser'), env)
  const { report } = await useWindow({
    context,
    input,
    page,
    until: undefined,
    opening: 'opening a browser window with the session in it: use it',
    use: (hallpass, options) => open(hallpass, { ...options, executable, env }),
  })
  tellWindow(context, 'open', report)
  return report.failed === undefined ? 0 : 8
}
