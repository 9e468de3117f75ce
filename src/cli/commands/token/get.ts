import { HallpassError } from '../../../errors.ts'
import type { Run } from '../../command.ts'
import { credentialDocument } from './credential-document.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const hallpass = await context.open()
  const credential = await (await hallpass.session()).credential(name)
  const value = credential.value?.reveal()
  if (output.json) {
    output.document('token/1', credentialDocument(credential, input.has('reveal') ? value : undefined))
    return
  }
  if (value === undefined) {
    const why = credential.problem ?? `a credential of the kind ${credential.kind} has none of its own`
    throw new HallpassError('credential-missing', `"${name}" has no value: ${why}`, {
      hint: 'hallpass token list',
    })
  }
  output.line(value)
}
