/** The formats that a file can have, and other names of theirs; a test holds them to src/formats. */
export const readableFormats = [
  'netscape',
  'extension',
  'storage-state',
  'puppeteer',
  'har',
  'set-cookie',
  'curl',
  'header',
  'agent-cookie-store',
  'bundle',
] as const

/** Of browsers' profiles, a folder or the file in it. */
export const profileFormats = ['firefox', 'chrome'] as const

export const writableFormats = [
  'netscape',
  'extension',
  'storage-state',
  'puppeteer',
  'curl',
  'header',
  'agent-cookie-store',
  'bundle',
] as const

export const formatAliases = [
  'cookies.txt',
  'editthiscookie',
  'cookie-editor',
  'playwright',
  'agent-cookie-store-v1',
] as const
