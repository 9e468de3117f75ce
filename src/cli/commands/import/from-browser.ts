import { browsers, findProfile } from '../../../browser/stores/profiles.ts'
import { readBrowser } from '../../../browser/stores/read-browser.ts'
import { HallpassError } from '../../../errors.ts'
import { printable } from '../../../log/wire-text.ts'
import type { Context, Input } from '../../command.ts'
import { siteOperand } from '../cookie/cookie-text.ts'
import type { ImportSource } from './import-source.ts'

/** A browser's own store: `--from firefox` finds its profile, `--format firefox PATH` is told it. */
export function fromBrowser({ env, output }: Context, input: Input): ImportSource {
  const format = input.text('format')
  const from = input.text('from') ?? format
  const browser = browsers.find(({ name }) => name === from)
  if (browser === undefined) throw new HallpassError('usage', `there is no browser "${from}"`)
  const named = !input.has('from')
  if (!named && format !== undefined)
    throw new HallpassError('usage', '--from and --format do not go together')
  const [path, ...others] = input.args
  if (named && path === undefined)
    throw new HallpassError('usage', `which profile? its folder or its file, or --from ${format}`)
  const profile = findProfile(browser, named ? path : input.text('profile'), {
    env,
    platform: process.platform,
  })
  return {
    name: `${browser.name} (${printable(profile.name)})`,
    sites: (named ? others : input.args).map(siteOperand),
    read: async () => {
      output.detail(`reading a copy of ${printable(profile.cookies)}`)
      if (browser.engine === 'firefox')
        output.detail('cookies that last until Firefox ends are in its memory alone, and not in its store')
      return { format: browser.engine, contents: await readBrowser(profile) }
    },
  }
}
