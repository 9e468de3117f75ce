import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import { type TokenSet, tokenSetOf } from '../credentials/token-response.ts'
import { HallpassError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { clientOf, knownProvider } from './authorization-server.ts'
import { authorizationCode } from './flows/authorization-code.ts'
import { clientCredentials } from './flows/client-credentials.ts'
import { awaitDevice, beginDevice, type DeviceWaitOptions } from './flows/device.ts'
import type { LoginRequest } from './flows/login-request.ts'
import type { LoopbackOptions } from './flows/loopback-callback.ts'
import type { Flow, Provider } from './provider.ts'
import type { HeldTokens } from './refresher.ts'
import type { TokenFetch } from './token-fetch.ts'

/** The credential that gets the tokens. */
export interface LoginSubject {
  readonly name: string
  readonly definition: OAuth2Definition
  /** Its sealed value. */
  readonly value: OAuth2Value | undefined
  /** Seals a change of the value as it is by then. Durable when it resolves. */
  readonly save: (change: (before: OAuth2Value | undefined) => OAuth2Value) => Promise<void>
  /** Runs `work` under the lock of the sealed value, which must exist. */
  readonly exclusive: <T>(work: (held: Pick<HeldTokens, 'value' | 'save'>) => Promise<T>) => Promise<T>
}

export interface LoginOptions {
  /** Kept with the tokens. Without it, the kept one stays. */
  readonly clientSecret?: Secret
  /**
   * Shows the person the page to sign in at.
   * @param start a URL that leads to the page once and tells nothing of the login, for the command line of a browser
   */
  readonly visit?: (page: string, start: string) => void | Promise<void>
  /** Asks the person for the address at which the browser ended, when the browser cannot reach this machine. */
  readonly pasted?: (signal: AbortSignal) => Promise<string>
  /** Shows the person the code to enter, and where. */
  readonly showCode?: (code: DeviceCode) => void
  /** Takes a sentence about each part of an answer that was not usable and is ignored. */
  readonly note?: (text: string) => void
  /** False: begins a device login and does not wait for it. The next call waits. */
  readonly wait?: boolean
  readonly signal?: AbortSignal
  /** How long a person may take in the browser. Five minutes without it. */
  readonly timeoutMs?: number
}

/** The parts of a device login that a person needs. */
export interface DeviceCode {
  readonly userCode: string
  readonly verificationUri: string
  /** With the code in it, for a link or a QR code. */
  readonly verificationUriComplete?: string | undefined
  readonly expiresAt: Date
  readonly intervalSeconds: number
  /** An earlier process began it. */
  readonly resumed: boolean
}

interface Clockwork {
  readonly fetch: TokenFetch
  readonly now: () => number
}

/**
 * Obtains tokens for a credential, and seals them.
 *
 * @returns `pending` when a device login was begun and nobody waits for it
 * @throws HallpassError `login-failed` with the reason, `token-server`, `upstream-certificate`, `usage` for an
 *   incomplete definition. The credential then stays as it was.
 */
export async function login(
  subject: LoginSubject,
  options: LoginOptions,
  { fetch, now }: Clockwork,
): Promise<'signed-in' | 'pending'> {
  const { name, definition, value, save } = subject
  const provider = definition.provider === undefined ? undefined : knownProvider(definition.provider)
  const flow = flowOf(definition, provider)
  const clientSecret =
    options.clientSecret ?? (value?.clientSecret === undefined ? undefined : new Secret(value.clientSecret))
  if (provider?.secretNeeded === true && clientSecret === undefined)
    throw new HallpassError(
      'usage',
      `${provider.title} needs a client secret: with --client-secret hallpass asks for it`,
    )
  const { note } = options
  const client = await clientOf({ ...definition, flow }, clientSecret, fetch, { name, ...(note && { note }) })
  const request: LoginRequest = { client, definition, provider }
  const kept = clientSecret === undefined ? {} : { clientSecret: clientSecret.reveal() }
  const answered = await obtain(flow, request, subject, { ...options, kept, now })
  if (answered === 'pending' || answered === 'signed-in') return answered
  const tokens = tokensOf(answered, now())
  await save((before) => ({ ...kept, tokens, refreshes: before?.refreshes ?? 0 }))
  return 'signed-in'
}

function tokensOf(answer: Answer, now: number): TokenSet {
  const tokens = tokenSetOf(answer, now)
  if (tokens !== undefined) return tokens
  throw new HallpassError('token-server', 'the answer of the server contains no usable bearer token')
}

type Answer = Readonly<Record<string, unknown>>

interface Obtaining extends LoginOptions {
  readonly kept: Pick<OAuth2Value, 'clientSecret'>
  readonly now: () => number
}

function obtain(
  flow: Flow,
  request: LoginRequest,
  subject: LoginSubject,
  options: Obtaining,
): Promise<Answer | 'pending' | 'signed-in'> {
  switch (flow) {
    case 'client-credentials':
      return clientCredentials(request)
    case 'device':
      return byDevice(request, subject, options)
    default:
      return byCode(request, options)
  }
}

function byCode(request: LoginRequest, { visit, pasted, signal, timeoutMs }: Obtaining): Promise<Answer> {
  if (visit === undefined)
    throw new HallpassError('usage', 'the login needs a person at a sign-in page, and nothing here shows one')
  return authorizationCode(request, {
    visit,
    redirect: redirectOf(request.definition, request.provider),
    ...(pasted === undefined ? {} : { pasted }),
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
}

async function byDevice(
  request: LoginRequest,
  { value, save, exclusive }: LoginSubject,
  { kept, now, showCode, signal, wait = true }: Obtaining,
): Promise<'pending' | 'signed-in'> {
  const held = value?.pending !== undefined && value.pending.expiresAt > now() ? value.pending : undefined
  const pending = held ?? (await beginDevice(request, now()))
  // Sealed before anybody sees the code: the login must still exist when the person enters it, also after this process.
  if (held === undefined) await save((before) => ({ refreshes: 0, ...before, ...kept, pending }))
  const { deviceCode: _, expiresAt, ...code } = pending
  showCode?.({ ...code, expiresAt: new Date(expiresAt), resumed: held !== undefined })
  if (!wait) return 'pending'
  const { deviceCode } = pending
  // Read again under the lock: another waiter may have obtained the tokens, which are saved before the lock is free.
  const alone: DeviceWaitOptions['alone'] = (ask) =>
    exclusive(async (held) => {
      if (held.value.pending?.deviceCode !== deviceCode) return isSignedIn(held.value, value)
      const answer = await ask()
      if (answer.kind === 'tokens')
        await held.save({ ...kept, tokens: tokensOf(answer.tokens, now()), refreshes: held.value.refreshes })
      // For the next process. After the lock is free, another waiter may have the tokens, and the used code would be sent again.
      if (answer.kind === 'slow_down') {
        const { intervalSeconds } = answer
        await held.save({ ...held.value, pending: { ...held.value.pending, intervalSeconds } })
      }
      return answer
    })
  try {
    await awaitDevice(request, pending, { now, alone, ...(signal && { signal }) })
    return 'signed-in'
  } catch (error) {
    const over = error instanceof HallpassError && error.code === 'login-failed'
    if (over)
      await save((before) =>
        before?.pending?.deviceCode === deviceCode ? withoutPending(before) : (before ?? { refreshes: 0 }),
      )
    throw error
  }
}

/** @throws HallpassError `login-failed` when the other waiter got no tokens */
function isSignedIn({ tokens, pending, last }: OAuth2Value, before: OAuth2Value | undefined): 'over' {
  const others = tokens !== undefined && tokens.accessToken !== before?.tokens?.accessToken
  // A refresh of the old tokens also brings another access token. A login leaves no trace of a refresh.
  if (pending === undefined && others && last === undefined) return 'over'
  throw new HallpassError(
    'login-failed',
    pending === undefined ? 'another process saw this login fail' : 'another login has begun in its place',
  )
}

export function withoutPending(before: OAuth2Value | undefined): OAuth2Value {
  const { pending: _, ...rest } = before ?? { refreshes: 0 }
  return rest
}

/** The flow of the definition, else the provider's default flow, else a browser. */
export function flowOf({ flow, provider: name }: OAuth2Definition, provider: Provider | undefined): Flow {
  const chosen = flow ?? provider?.flows[0] ?? 'code'
  if (provider === undefined || provider.flows.includes(chosen)) return chosen
  throw new HallpassError(
    'usage',
    `${provider.title} has no ${chosen} flow; there is ${provider.flows.join(', ')}`,
    { hint: `hallpass token login NAME --provider ${name} --flow ${provider.flows[0]}` },
  )
}

export function redirectOf(
  { redirectUri }: Pick<OAuth2Definition, 'redirectUri'>,
  provider: Provider | undefined,
): LoopbackOptions {
  if (redirectUri !== undefined) {
    const { hostname, port, pathname } = new URL(redirectUri)
    return { ...(hostname === 'localhost' && { host: hostname }), port: Number(port), path: pathname }
  }
  return {
    ...(provider?.redirectHost !== undefined && { host: provider.redirectHost }),
    ...(provider?.redirectPort !== undefined && { port: provider.redirectPort }),
  }
}
