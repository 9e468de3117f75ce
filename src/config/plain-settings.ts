import { durationText } from './duration.ts'
import { defaults, type Key, type Settings } from './schema.ts'
import { sizeText } from './size.ts'

type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain }

/** Every value in the form of the configuration file, in the order of the schema. */
export function plainSettings(settings: Settings): [Key, Plain][] {
  return (Object.keys(defaults) as Key[]).map((key) => [key, plainSetting(settings, key)])
}

/** One value in the form of the configuration file. */
export function plainSetting(settings: Settings, key: Key): Plain {
  if (key === 'listen') return listenText(settings.listen)
  if (key === 'sessionTtl' || key === 'sessionSweep') return durationText(settings[key])
  return key === 'replay' ? sizeText(settings.replay) : plain(settings[key])
}

function listenText({ host, port }: Settings['listen']): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function plain(value: unknown): Plain {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(plain)
  const entries = value instanceof Map ? [...value] : Object.entries(value ?? {})
  const object = Object.fromEntries(
    entries.filter(([, part]) => part !== undefined).map(([name, part]) => [name, plain(part)]),
  )
  // A pattern keeps the text that it was made from.
  return typeof object.text === 'string' ? object.text : object
}
