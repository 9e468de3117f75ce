import type { SafeStorage } from './chrome-keys.ts'
import type { Engine } from './engine.ts'
import type { Place } from './place.ts'

export interface Browser {
  readonly name: string
  /** The format of its store, as `import --format` names it. */
  readonly engine: string
  /**
   * Where each way to install it keeps profiles: the system's packages, snap, flatpak. Of the places of one, the browser uses
   * the first that exists.
   */
  readonly roots: Readonly<Partial<Record<NodeJS.Platform, readonly (readonly Place[])[]>>>
  readonly load: () => Promise<Engine>
}

/** The one list of browsers, and where each keeps its profiles. */
export const browsers: readonly Browser[] = [
  {
    name: 'firefox',
    engine: 'firefox',
    load: async () => (await import('./firefox.ts')).firefox,
    roots: {
      // Since version 147 below XDG_CONFIG_HOME, unless the older folder exists.
      linux: [
        [
          ['home', '.mozilla/firefox'],
          ['config', 'mozilla/firefox'],
        ],
        [
          ['home', 'snap/firefox/common/.mozilla/firefox'],
          ['home', 'snap/firefox/common/.config/mozilla/firefox'],
          ['home', 'snap/firefox/current/.config/mozilla/firefox'],
        ],
        [
          ['home', '.var/app/org.mozilla.firefox/.mozilla/firefox'],
          ['home', '.var/app/org.mozilla.firefox/config/mozilla/firefox'],
        ],
      ],
      darwin: [[['home', 'Library/Application Support/Firefox']]],
      win32: [
        [['roamingData', 'Mozilla/Firefox']],
        // From the Microsoft Store.
        [['localData', 'Packages/Mozilla.Firefox_n80bbvh6b1yt2/LocalCache/Roaming/Mozilla/Firefox']],
      ],
    },
  },
  chrome('chrome', 'chrome', 'Chrome Safe Storage', {
    linux: [
      [['chromeConfig', 'google-chrome']],
      [['home', '.var/app/com.google.Chrome/config/google-chrome']],
    ],
    darwin: [[['home', 'Library/Application Support/Google/Chrome']]],
    win32: [[['localData', 'Google/Chrome/User Data']]],
  }),
  chrome('chromium', 'chromium', 'Chromium Safe Storage', {
    linux: [
      [['chromeConfig', 'chromium']],
      [['home', 'snap/chromium/common/chromium']],
      [['home', '.var/app/org.chromium.Chromium/config/chromium']],
    ],
    darwin: [[['home', 'Library/Application Support/Chromium']]],
    win32: [[['localData', 'Chromium/User Data']]],
  }),
  chrome('brave', 'brave', 'Brave Safe Storage', {
    linux: [
      [['chromeConfig', 'BraveSoftware/Brave-Browser']],
      [['home', 'snap/brave/current/.config/BraveSoftware/Brave-Browser']],
      [['home', '.var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser']],
    ],
    darwin: [[['home', 'Library/Application Support/BraveSoftware/Brave-Browser']]],
    win32: [[['localData', 'BraveSoftware/Brave-Browser/User Data']]],
  }),
  chrome('edge', 'microsoft-edge', 'Microsoft Edge Safe Storage', {
    linux: [
      [['chromeConfig', 'microsoft-edge']],
      [['home', '.var/app/com.microsoft.Edge/config/microsoft-edge']],
    ],
    darwin: [[['home', 'Library/Application Support/Microsoft Edge']]],
    win32: [[['localData', 'Microsoft/Edge/User Data']]],
  }),
]

function chrome(name: string, application: string, item: string, roots: Browser['roots']): Browser {
  const storage: SafeStorage = { application, item }
  return { name, engine: 'chrome', roots, load: async () => (await import('./chrome.ts')).chrome(storage) }
}
