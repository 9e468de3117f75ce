import { z } from 'zod'
import { settingsSchema } from './schema.ts'

/** JSON Schema (2020-12) of the configuration file, for editors. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(settingsSchema(z), { io: 'input', unrepresentable: 'throw' })
  return { ...schema, title: 'hallpass configuration' }
}
