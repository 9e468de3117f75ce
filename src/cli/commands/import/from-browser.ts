import { browsers } from '../../../browser/stores/browsers.ts'
import { findProfile } from '../../../browser/stores/profiles.ts'
import { HallpassError } from '../../../errors.ts'
import { printable } from '../../../log/printable.ts'
import { siteOperand } from '../../../sessions/place-operand.ts'
import type { Context, Input } from '../../command.ts'
import type { ImportSource } from './import-source.ts'

/** Reads the store of a browser: `--from firefox` finds the profile, `--format firefox PATH` names it. */
export async function fromBrowser({ env, output }: Context, input: Input): Promise<ImportSource> {
  const format = input.text('format')
  const from = input.text('from') ?? format
  const browser = browsers.find(({ name }) => name === from)
  if (browser === undefined) throw new HallpassError('usage', `there is no browser "${from}"`)
  const named = !input.has('from')
  if (!named && format !== undefined)
    throw new HallpassError('usage', '--from and --format do not go together')
  const [path, ...others] = input.args
  if (named && path === undefined)
    throw new HallpassError('usage', `name the folder or the file of a profile, or use --from ${format}`)
  const profile = await findProfile(browser, named ? path : input.text('profile'), {
    env,
    platform: process.platform,
  })
  const container = input.text('container')
  if (container !== undefined && profile.engine.hasContainers !== true)
    throw new HallpassError('usage', `${browser.name} has no containers: --container is for Firefox`)
  const within = container === undefined ? profile.name : `${profile.name}, container ${container}`
  return {
    name: `${browser.name} (${printable(within)})`,
    sites: (named ? others : input.args).map(siteOperand),
    read: async () => {
      output.detail(`reading a copy of ${printable(profile.cookies)}`)
      if (profile.engine.lacks !== undefined) output.detail(profile.engine.lacks)
      return { format: browser.engine, contents: await profile.engine.read({ ...profile, container }) }
    },
  }
}
