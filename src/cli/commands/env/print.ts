import { AdminClient } from '../../../admin/client.ts'
import { restart } from '../../../admin/other-settings.ts'
import type { Status } from '../../../admin/wire.ts'
import { caFileVariables } from '../../../certs/bundle.ts'
import {
  childEnvironment,
  type EnvironmentChange,
  foreignTrust,
  withoutProxy,
} from '../../../environment/child-environment.ts'
import { HallpassError } from '../../../errors.ts'
import { homeOf } from '../../../store/home.ts'
import type { Context, Run } from '../../command.ts'
import { settingsBeside, warnOfOldSettings } from '../../settings.ts'
import { formats } from './formats.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const format = output.json ? 'json' : (input.text('format') ?? 'sh')
  const change = input.has('unset') ? withoutProxy(context.env) : await throughProxy(context)
  const write = formats[format]
  if (write === undefined) {
    output.document('env/1', {
      set: change.set,
      unset: change.remove.filter((name) => change.set[name] === undefined),
    })
  } else {
    output.value(write(change))
  }
  if (!input.has('unset') && format === 'docker') {
    output.say(
      'the container needs --network host to reach 127.0.0.1 of this machine, and these files mounted:',
    )
    output.say(mountsOf(change))
  } else if (!input.has('unset') && format === 'sh') {
    output.detail('undo: eval "$(hallpass env --unset)"')
  } else if (!input.has('unset') && format === 'fish') {
    output.detail('undo: hallpass env --unset --format fish | source')
  }
}

/** The variables name files of this machine, which a container does not have. */
function mountsOf({ set }: EnvironmentChange): string {
  const files = new Set([...caFileVariables, 'SYSTEM_WGETRC'].map((name) => set[name]))
  return [...files].map((file) => `-v ${file}:${file}:ro`).join(' ')
}

async function throughProxy(context: Context) {
  const { env, flags, output } = context
  const home = homeOf(env)
  const admin = new AdminClient(home)
  checkSettings(context, await admin.status())
  const access = await admin.access(flags.session)
  const foreign = foreignTrust(env, home)
  if (Object.keys(foreign).length > 0) await admin.writeBundle(foreign)
  if (env.GITHUB_ACTIONS === 'true') {
    // The runner reads this line and hides the token in every later log line.
    process.stderr.write(`::add-mask::${new URL(access.proxyUrl).password}\n`)
  }
  output.detail(`session "${access.session}" through ${new URL(access.proxyUrl).host}`)
  const { proxyUrl, loopback, session } = access
  return childEnvironment({ inherited: env, proxyUrl, loopbackKnown: loopback, home, session })
}

/** The shell will use the running proxy, so its settings must be those that this command names. */
function checkSettings(context: Context, running: Status): void {
  const { contradictions } = settingsBeside(context, running)
  if (contradictions.length > 0) {
    const message = `the running proxy has other settings: ${contradictions.join(', ')}`
    throw new HallpassError('failed', message, { hint: restart })
  }
  warnOfOldSettings(context, running.settings)
}
