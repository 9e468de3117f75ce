import { configJsonSchema } from '../../../config/json-schema.ts'
import type { Run } from '../../command.ts'

export const run: Run = async ({ output }) => {
  const schema = configJsonSchema()
  // A JSON schema may have keys that no validator knows, so with --json it is both: the schema, and a document of ours.
  if (output.json) output.document('config-schema/1', { ...schema })
  else output.value(`${JSON.stringify(schema, null, 2)}\n`)
}
