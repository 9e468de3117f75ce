import type { Run } from '../../command.ts'

export const run: Run = async (context) => {
  await context.open()
}
