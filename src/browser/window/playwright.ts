import { HallpassError } from '../../errors.ts'

/** An optional dependency, which only the windows need. @throws HallpassError `browser-missing` */
export async function loadPlaywright(): Promise<typeof import('playwright-core')> {
  try {
    return await import('playwright-core')
  } catch (error) {
    throw new HallpassError('browser-missing', 'playwright-core, which drives the window, is not installed', {
      hint: 'npm install playwright-core',
      cause: error,
    })
  }
}
