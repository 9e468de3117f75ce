import { timeOf } from '../../../documents/time-of.ts'
import type { DeviceCode } from '../../../oauth/login.ts'
import type { Context } from '../../command.ts'
import { openBrowser } from '../../open-browser.ts'
import type { Output } from '../../output.ts'
import { painted } from '../../terminal-text.ts'

/** Shows a login in progress: to a person as text, to a program as one JSON document a line. */
export class LoginScreen {
  readonly #context: Context
  readonly #opens: boolean
  readonly #pin: boolean
  #timer: NodeJS.Timeout | undefined
  #counting = false
  /** When a device login that was shown can no longer be resumed. */
  pendingUntil: Date | undefined

  /** @param pin the user pastes a PIN and not a URL */
  constructor(context: Context, opens: boolean, pin: boolean) {
    this.#context = context
    this.#opens = opens
    this.#pin = pin
  }

  /** @param start goes to the browser's command line, which other users can read; the page's own URL does not */
  async visit(url: string, start: string): Promise<void> {
    const { output, env } = this.#context
    if (output.json) output.event('token-login/1', { event: 'visit', url })
    const { host } = new URL(url)
    if (!this.#opens) {
      output.say(`open this in a browser, here or elsewhere, to sign in at ${host}:`)
      apart(output, url)
      output.say(
        this.#pin
          ? 'then type the PIN that it shows here'
          : 'a browser on another machine ends at a page that it cannot open: paste the URL of that page here',
      )
      return
    }
    output.say(`sign in at ${host} in the browser that opens; the page is`)
    apart(output, url)
    if (!(await openBrowser(start, env)))
      output.say('no browser could be opened here: open the page yourself')
  }

  showCode(code: DeviceCode): void {
    const { output } = this.#context
    const { userCode, verificationUri, verificationUriComplete, expiresAt, intervalSeconds, resumed } = code
    this.pendingUntil = expiresAt
    if (output.json) {
      output.event('token-login/1', {
        event: 'code',
        user_code: userCode,
        verification_uri: verificationUri,
        verification_uri_complete: verificationUriComplete ?? null,
        expires_at: timeOf(expiresAt.getTime()),
        interval_seconds: intervalSeconds,
        resumed,
      })
    }
    const lead = resumed ? 'resuming the login' : 'sign in on any device'
    output.say(`${lead}: open`)
    apart(output, verificationUri)
    output.say('and enter the code')
    apart(output, userCode)
    this.#countDown(expiresAt.getTime())
  }

  /** Removes the countdown. */
  end(): void {
    clearInterval(this.#timer)
    if (this.#counting) process.stderr.write('\r\x1b[K')
    this.#counting = false
  }

  #countDown(until: number): void {
    const { flags } = this.#context
    if (!process.stderr.isTTY || flags.json || flags.quiet || process.env.TERM === 'dumb') return
    const show = () => {
      const seconds = Math.max(0, Math.round((until - Date.now()) / 1000))
      const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
      process.stderr.write(
        `\r\x1b[Khallpass: waiting, ${left} left (Ctrl-C stops waiting; the login stays pending)`,
      )
    }
    this.#counting = true
    this.#timer = setInterval(show, 1000)
    this.#timer.unref()
    show()
  }
}

/** Prints a text to copy, between empty lines. */
function apart(output: Output, text: string): void {
  output.say('')
  output.say(['  ', painted('bold', text)])
  output.say('')
}
