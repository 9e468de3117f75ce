import { configJsonSchema } from '../../../config/json-schema.ts'
import type { Run } from '../../command.ts'

export const run: Run = async ({ output }) => {
  const schema = configJsonSchema()
  // A JSON schema may have unknown keys, so with --json the document is also a valid schema.
  if (output.json) output.document('config-schema/1', { ...schema })
  else output.value(`${JSON.stringify(schema, null, 2)}\n`)
}
