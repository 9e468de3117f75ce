import type { BrowserContextOptions } from 'playwright-core'
import { HallpassError } from '../../errors.ts'
import type { SessionMetadata } from '../../index.ts'

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

/** The browser that the session's metadata describe, as options of a context. */
export function describedBrowser(metadata: SessionMetadata): BrowserContextOptions {
  const { userAgent, viewport, locale, timeZone } = metadata
  return {
    ...(userAgent !== undefined && { userAgent }),
    ...(viewport !== undefined && { viewport }),
    ...(locale !== undefined && { locale }),
    ...(timeZone !== undefined && { timezoneId: timeZone }),
  }
}
