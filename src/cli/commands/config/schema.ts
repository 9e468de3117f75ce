import { configJsonSchema } from '../../../config/json-schema.ts'
import type { Run } from '../../command.ts'

export const run: Run = async ({ output }) => {
  output.line(JSON.stringify(configJsonSchema(), null, 2))
}
