import { HallpassError } from '../errors.ts'
import type { Format, WrittenFormat } from './format.ts'
import { lineAt } from './line-at.ts'
import { formatInvalid, type Source } from './source.ts'

interface Names {
  readonly name: string
  readonly aliases: readonly string[]
}

/** Help and completion read the names. A command that reads or writes a file loads the rest, which takes longer. */
type Listed = Names &
  (
    | { readonly exports: true; readonly load: () => Promise<WrittenFormat> }
    | { readonly exports: false; readonly load: () => Promise<Format> }
  )

/** Every format of text, in the order in which a file is asked whether it is one: the more particular first. */
export const formats: readonly Listed[] = [
  {
    name: 'har',
    aliases: [],
    exports: false,
    load: async () => (await import('./har.ts')).har,
  },
  {
    name: 'agent-cookie-store',
    aliases: ['agent-cookie-store-v1'],
    exports: true,
    load: async () => (await import('./agent-cookie-store.ts')).agentCookieStore,
  },
  {
    name: 'cookie-cloud',
    aliases: ['cookiecloud'],
    exports: false,
    load: async () => (await import('./cookie-cloud.ts')).cookieCloud,
  },
  {
    name: 'storage-state',
    aliases: ['playwright'],
    exports: true,
    load: async () => (await import('./storage-state.ts')).storageState,
  },
  {
    name: 'extension',
    aliases: ['editthiscookie', 'cookie-editor'],
    exports: true,
    load: async () => (await import('./extension.ts')).extension,
  },
  {
    name: 'puppeteer',
    aliases: [],
    exports: true,
    load: async () => (await import('./puppeteer.ts')).puppeteer,
  },
  {
    name: 'devtools-table',
    aliases: [],
    exports: false,
    load: async () => (await import('./devtools-table.ts')).devtoolsTable,
  },
  {
    name: 'fetch',
    aliases: [],
    exports: false,
    load: async () => (await import('./fetch-call.ts')).fetchCall,
  },
  {
    name: 'powershell',
    aliases: [],
    exports: false,
    load: async () => (await import('./powershell.ts')).powershell,
  },
  {
    name: 'netscape',
    aliases: ['cookies.txt'],
    exports: true,
    load: async () => (await import('./netscape.ts')).netscape,
  },
  {
    name: 'set-cookie',
    aliases: [],
    exports: false,
    load: async () => (await import('./set-cookie-text.ts')).setCookieText,
  },
  {
    name: 'curl',
    aliases: [],
    exports: true,
    load: async () => (await import('./curl.ts')).curl,
  },
  {
    name: 'header',
    aliases: [],
    exports: true,
    load: async () => (await import('./header.ts')).header,
  },
]

export type NamedFormat = Names & Format

/** By name or alias; undefined when there is no such format. */
export async function formatNamed(name: string): Promise<NamedFormat | undefined> {
  const found = formats.find((each) => each.name === name || each.aliases.includes(name))
  return found && loaded(found)
}

export async function allFormats(): Promise<readonly NamedFormat[]> {
  return await Promise.all(formats.map(loaded))
}

async function loaded({ name, aliases, load }: Listed): Promise<NamedFormat> {
  return { name, aliases, ...(await load()) }
}

/** @throws HallpassError `format-invalid` when the content is of no format */
export function formatOf(source: Source, all: readonly NamedFormat[]): NamedFormat {
  const found = all.find((format) => format.detects(source))
  if (found !== undefined) return found
  const { latin1, json } = source
  if (latin1.trim() === '') throw formatInvalid('it is empty')
  const nul = latin1.indexOf('\0')
  if (nul !== -1) throw formatInvalid(`line ${lineAt(latin1)(nul)}: a NUL byte: it is not text`)
  if (/^\s*[[{]/.test(latin1) && 'flaw' in json) throw formatInvalid(json.flaw)
  throw new HallpassError('format-invalid', 'hallpass does not know its format', {
    hint: 'hallpass import --help',
  })
}
