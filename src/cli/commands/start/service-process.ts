import { hallpassErrorOf } from '../../../errors.ts'
import type { OpenOptions } from '../../../index.ts'
import { type Hallpass, openHallpass, Secret } from '../../../index.ts'
import { serveUntilStopped } from './foreground.ts'
import type { Started } from './start.ts'

/** What `start` was asked for. */
export interface StartRequest {
  readonly session: string
  readonly noAuth: boolean
  readonly config: NonNullable<OpenOptions['config']>
}

/** What the parent sends over the channel: nothing of it is seen in a process list or an environment. */
export interface BackgroundRequest extends StartRequest {
  readonly home: string
  readonly configFile?: string
  readonly passphrase?: string
}

export type Report =
  | ({ readonly kind: 'started' } & Started)
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string }

process.once('message', (message: BackgroundRequest) => {
  void serve(message)
})

async function serve(request: BackgroundRequest): Promise<void> {
  try {
    const hallpass = await openAs(request)
    await serveUntilStopped(hallpass, request, { terminal: false, background: true }, (started) => {
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

/** The parent has what it waited for, and goes. */
function report(report: Report): void {
  process.send?.(report, () => process.disconnect())
}
