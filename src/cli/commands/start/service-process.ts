import { hallpassErrorOf } from '../../../errors.ts'
import { type Hallpass, openHallpass, Secret } from '../../../index.ts'
import { commands } from '../../commands.ts'
import { keepMemoryOutOfCores } from '../../core-dumps.ts'
import { invocation } from '../../invocation.ts'
import { hintSpelling } from '../../spelling.ts'
import { serveUntilStopped } from './foreground.ts'
import type { BackgroundRequest, Report } from './start-messages.ts'

keepMemoryOutOfCores()

process.once('message', (message: BackgroundRequest) => {
  void serve(message)
})

async function serve(request: BackgroundRequest): Promise<void> {
  try {
    const hallpass = await openAs(request)
    // Its clients may be in any folder.
    const spell = hintSpelling(request.place, commands, invocation(process.env))
    const options = { terminal: false, background: true, spell }
    await serveUntilStopped(hallpass, request, options, (started) => {
      report({ kind: 'started', ...started })
    })
    process.exit(0)
  } catch (error) {
    const { code, message, hint } = hallpassErrorOf(error)
    report({ kind: 'failed', code, message, ...(hint === undefined ? {} : { hint }) })
    process.exitCode = 1
  }
}

function openAs(request: BackgroundRequest): Promise<Hallpass> {
  const { home, session, config, configFile, passphrase } = request
  return openHallpass({
    home,
    session,
    config,
    ...(configFile === undefined ? {} : { configFile }),
    ...(passphrase === undefined ? {} : { passphrase: async () => new Secret(passphrase) }),
  })
}

/** The parent waits for this report and then ends. */
function report(report: Report): void {
  process.send?.(report, () => process.disconnect())
}
