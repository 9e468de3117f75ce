import { HallpassError } from '../../errors.ts'

/** An optional dependency: only windows need it. @throws HallpassError `browser-missing` */
export async function loadPlaywright(): Promise<typeof import('playwright-core')> {
  try {
    return await import('playwright-core')
  } catch (error) {
    throw new HallpassError(
      'browser-missing',
      'playwright-core is not installed: hallpass needs it to drive the window',
      {
        hint: 'npm install playwright-core',
        cause: error,
      },
    )
  }
}
