import type { SafeStorage } from './chrome-keys.ts'
import type { Engine } from './engine.ts'

export interface Browser {
  readonly name: string
  /** The format of its store, as `import --format` names it. */
  readonly engine: string
  /** The folders that may hold profiles, below the home folder or one of Windows. */
  readonly roots: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>>
  readonly load: () => Promise<Engine>
}

/** Windows paths begin with the variable that holds their first part. */
const local = '%LOCALAPPDATA%'

/** The one list of browsers, and where each keeps its profiles; Linux with the snap and flatpak places that distributions use. */
export const browsers: readonly Browser[] = [
  {
    name: 'firefox',
    engine: 'firefox',
    load: async () => (await import('./firefox.ts')).firefox,
    roots: {
      linux: [
        '.mozilla/firefox',
        '.config/mozilla/firefox',
        'snap/firefox/common/.mozilla/firefox',
        '.var/app/org.mozilla.firefox/.mozilla/firefox',
      ],
      darwin: ['Library/Application Support/Firefox'],
      win32: ['%APPDATA%/Mozilla/Firefox'],
    },
  },
  chrome('chrome', 'chrome', 'Chrome Safe Storage', {
    linux: ['.config/google-chrome', '.var/app/com.google.Chrome/config/google-chrome'],
    darwin: ['Library/Application Support/Google/Chrome'],
    win32: [`${local}/Google/Chrome/User Data`],
  }),
  chrome('chromium', 'chromium', 'Chromium Safe Storage', {
    linux: [
      '.config/chromium',
      'snap/chromium/common/chromium',
      '.var/app/org.chromium.Chromium/config/chromium',
    ],
    darwin: ['Library/Application Support/Chromium'],
    win32: [`${local}/Chromium/User Data`],
  }),
  chrome('brave', 'brave', 'Brave Safe Storage', {
    linux: [
      '.config/BraveSoftware/Brave-Browser',
      'snap/brave/current/.config/BraveSoftware/Brave-Browser',
      '.var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser',
    ],
    darwin: ['Library/Application Support/BraveSoftware/Brave-Browser'],
    win32: [`${local}/BraveSoftware/Brave-Browser/User Data`],
  }),
  chrome('edge', 'microsoft-edge', 'Microsoft Edge Safe Storage', {
    linux: ['.config/microsoft-edge', '.var/app/com.microsoft.Edge/config/microsoft-edge'],
    darwin: ['Library/Application Support/Microsoft Edge'],
    win32: [`${local}/Microsoft/Edge/User Data`],
  }),
]

function chrome(name: string, application: string, item: string, roots: Browser['roots']): Browser {
  const storage: SafeStorage = { application, item }
  return { name, engine: 'chrome', roots, load: async () => (await import('./chrome.ts')).chrome(storage) }
}
