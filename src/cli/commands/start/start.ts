import { isLoopbackHost } from '../../../rules/loopback.ts'
import type { Context, Input, Run } from '../../command.ts'
import { invocation } from '../../invocation.ts'
import { inSamePlace } from '../../same-place.ts'
import { hintSpelling } from '../../spelling.ts'
import type { Started, StartRequest } from './start-messages.ts'

export const run: Run = async (context, input) => {
  const { refuseSecond } = await import('../../../admin/serve.ts')
  const { homeOf } = await import('../../../store/home.ts')
  const home = homeOf(context.env)
  const request = readRequest(context, input, home.root)
  await refuseSecond(home)
  if (input.has('background')) {
    const { startInBackground } = await import('./background.ts')
    announce(context, request, await startInBackground(context, request))
    return
  }
  const hallpass = await context.open({ config: request.config })
  const { serveUntilStopped } = await import('./foreground.ts')
  // Its clients may be in any folder.
  const spell = hintSpelling(request.place, context.commands, invocation(context.env))
  const options = { terminal: !context.flags.quiet, spell }
  await serveUntilStopped(hallpass, request, options, (started) => announce(context, request, started))
}

/** Prints the line to paste on stdout, and everything else on stderr. */
function announce(
  { output, flags, commands, env }: Context,
  request: StartRequest,
  { pid, host, port, upstream }: Started,
): void {
  const place = { session: flags.session, ...request.place }
  const paste = inSamePlace('eval "$(hallpass env)"', place, commands)
  if (output.json) {
    output.document('start/1', {
      pid,
      host,
      port,
      upstream,
      paste: output.spell(paste),
      no_auth: request.noAuth,
    })
    return
  }
  output.say(`listening on ${host.includes(':') ? `[${host}]` : host}:${port}, pid ${pid}`)
  if (upstream.length > 0) output.say(`origins are reached through ${upstream.join(', ')}`)
  if (!isLoopbackHost(host)) {
    output.warn(`other machines can reach ${host}: anyone with a client token can use the session from there`)
    output.warn('the token crosses the network in clear')
  }
  if (request.noAuth) {
    output.warn(`no authentication: every process of this machine can use the session "${flags.session}"`)
  }
  const { folder } = invocation(env, process.cwd())
  output.say(`paste this into another terminal${folder === undefined ? '' : `, in ${folder}`}:`)
  output.line(paste)
}

function readRequest({ flags }: Context, input: Input, home: string): StartRequest {
  const listen = input.text('listen')
  const capture = input.list('capture')
  // The parser sets `auth` to true, and to false for `--no-auth`.
  const noAuth = !input.has('auth')
  return {
    session: flags.session,
    place: flags.home === undefined ? {} : { home },
    noAuth,
    config: {
      ...(listen === undefined ? {} : { listen }),
      ...(input.has('listenBeyondLoopback') ? { listenBeyondLoopback: true } : {}),
      ...(capture === undefined ? {} : { capture: capture.length === 0 ? ['*'] : capture }),
    },
  }
}
