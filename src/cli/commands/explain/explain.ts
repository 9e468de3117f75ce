import { AdminClient } from '../../../admin/client.ts'
import { restart } from '../../../admin/other-settings.ts'
import { explanationDocument } from '../../../documents/explanation-document.ts'
import { inheritedScope, scopeWords } from '../../../environment/child-scope.ts'
import { HallpassError } from '../../../errors.ts'
import { scopeOf } from '../../../plan/run-scope.ts'
import type { Explained } from '../../../sessions/session.ts'
import { showExplanation } from '../../../sessions/shown-explanation.ts'
import { homeOf } from '../../../store/home.ts'
import type { Context, Run } from '../../command.ts'
import { settingsBeside, warnOfOldSettings } from '../../settings.ts'
import { explanationRows } from './explanation.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [url = ''] = input.args
  // Methods are case-sensitive (RFC 9110 section 9.1), but `post` means POST here.
  const method = (input.text('method') ?? 'GET').toUpperCase()
  if (!/^[!#$%&'*+.^_`|~\dA-Z-]{1,32}$/.test(method))
    throw new HallpassError('usage', '--method must be an HTTP method')
  const from = input.text('from')
  const admin = new AdminClient(homeOf(context.env))
  const running = await admin.running()
  const { file, contradictions } = settingsBeside(context, running)
  const { session } = context.flags
  const scope = inheritedScope(context.env, session)
  const explanation =
    running !== undefined && contradictions.length === 0
      ? await admin.explain({ session, url, method, from, ...scope })
      : await explainHere(context, url, { method, from, scope: scopeOf(scope) }, file)
  if (output.json) {
    output.print(
      explanationDocument(explanation, {
        spell: output.spell,
        configuration: file,
        scope: scopeWords(scope) === '' ? undefined : scope,
        otherSettings: running && contradictions,
      }),
    )
  } else {
    const rows = explanationRows(explanation, Date.now())
    if (scopeWords(scope) !== '')
      rows.splice(1, 0, ['scope', `${scopeWords(scope)} (of the run around this)`])
    if (file !== undefined) rows.splice(1, 0, ['config', file])
    const width = Math.max(9, ...rows.map(([label]) => label.length))
    for (const [label, text] of rows) output.line(`  ${label.padEnd(width)} ${text}`)
  }
  if (running !== undefined) warnOfOldSettings(context, running.settings)
  if (contradictions.length > 0) {
    output.warn(`the running proxy has other settings: ${contradictions.join(', ')}`)
    output.hint(restart)
  }
}

async function explainHere(
  context: Context,
  url: string,
  explained: Explained,
  configFile: string | undefined,
) {
  const hallpass = await context.open(configFile === undefined ? {} : { configFile })
  return showExplanation(await (await hallpass.session()).explain(url, explained))
}
